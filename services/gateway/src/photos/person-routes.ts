import { randomUUID } from 'node:crypto';
import {
  chosenFace,
  enrolled,
  mergeBody,
  type Person,
  person,
  personBody,
  personExport,
  personList,
  said,
  stillWorking,
} from '@mediaworks/contracts';
import { insertJobs, newJob } from '@mediaworks/jobs';
import type { Request } from 'express';
import { z } from 'zod';
import { ApiError } from '../api-error.ts';
import { auditEntry, writeAudit } from '../audit.ts';
import { defineRoute, type Route } from '../define-route.ts';
import type { GatewayDeps } from '../deps.ts';
import type { SignedAddresses } from '../files/addresses.ts';
import { cursorToId, idToCursor } from '../id-cursor.ts';
import { contextOf, principalOf, viewerOf } from '../request-context.ts';
import { stillWorkingAnswer } from './await-job.ts';
import { enrol } from './enrol.ts';
import {
  countPersons,
  deletePersonPhoto,
  exportPhotos,
  exportSightings,
  findPerson,
  insertPerson,
  listPersons,
  lockPerson,
  mergePersons,
  type PersonRow,
  renamePerson,
} from './person-queries.ts';
import { presentPerson } from './presenter.ts';
import { removeNow, removePerson } from './remove.ts';

const DEFAULT_PAGE = 100;
const MAX_PAGE = 500;
const PERSONS = '/api/persons';
const BYTES_OF_A_NUMBER = 4;

const personParams = z.object({ id: z.uuid().toLowerCase() });
const photoParams = personParams.extend({ pid: z.uuid().toLowerCase() });
const listQuery = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
  cursor: z.string().max(100).optional(),
});
const enrolForm = z.object({ photo: z.string().meta({ format: 'binary' }) });

const notFound = () => new ApiError(404, 'not_found', 'There is no such person');
const nameTaken = () => new ApiError(409, 'name_taken', 'You have a person of this name');

/** `/api/persons/*`: who is in the gallery. */
export function personRoutes(deps: GatewayDeps, addresses: SignedAddresses): Route[] {
  const { db, dispatcher, env } = deps;

  const personOf = async (req: Request, id: string): Promise<PersonRow> => {
    const row = await findPerson(db, id, viewerOf(req));
    if (!row) throw notFound();
    return row;
  };
  const show = async (req: Request, id: string): Promise<Person> => presentPerson(await personOf(req, id));

  const create = defineRoute({
    method: 'post',
    path: PERSONS,
    summary: 'Add a person',
    access: 'user',
    body: personBody,
    responses: { 201: { description: 'The person, without a photo yet', schema: person } },
    errors: [409],
    handler: async ({ req, body: { name } }) => {
      const id = randomUUID();
      await db.transaction().execute(async (tx) => {
        if (!(await insertPerson(tx, { id, ownerId: principalOf(req).userId, name }))) throw nameTaken();
        await writeAudit(tx, [auditEntry(req, 'person.create', id)]);
      });
      const headers = { Location: `${env.PUBLIC_URL}${PERSONS}/${id}` };
      return { status: 201, body: await show(req, id), headers };
    },
  });

  const list = defineRoute({
    method: 'get',
    path: PERSONS,
    summary: 'Persons, newest first',
    access: 'user',
    query: listQuery,
    responses: { 200: { description: 'A page; `next_cursor` is null on the last', schema: personList } },
    handler: async ({ req, query: { limit, cursor } }) => {
      const viewer = viewerOf(req);
      const after = cursor === undefined ? undefined : cursorToId(cursor);
      const [rows, total] = await Promise.all([
        listPersons(db, viewer, { after, limit: limit + 1 }),
        countPersons(db, viewer),
      ]);
      const page = rows.slice(0, limit);
      const last = rows.length > page.length ? page.at(-1) : undefined;
      const next_cursor = last ? idToCursor(last.id) : null;
      return { status: 200, body: { success: true, total, next_cursor, persons: page.map(presentPerson) } };
    },
  });

  const get = defineRoute({
    method: 'get',
    path: `${PERSONS}/:id`,
    summary: 'A person',
    access: 'user',
    params: personParams,
    responses: { 200: { description: 'The person', schema: person } },
    errors: [404],
    handler: async ({ req, params }) => ({ status: 200, body: await show(req, params.id) }),
  });

  const rename = defineRoute({
    method: 'patch',
    path: `${PERSONS}/:id`,
    summary: 'Rename a person, in what was found before too',
    access: 'user',
    params: personParams,
    body: personBody,
    responses: { 200: { description: 'The person', schema: person } },
    errors: [404, 409],
    handler: async ({ req, params: { id }, body: { name } }) => {
      await personOf(req, id);
      if (!(await renamePerson(db, id, name))) throw nameTaken();
      await deps.audit.record(auditEntry(req, 'person.rename', id));
      return { status: 200, body: await show(req, id) };
    },
  });

  const remove = defineRoute({
    method: 'delete',
    path: `${PERSONS}/:id`,
    summary: 'Erase a person: the name, the photos, and all that was made of them',
    access: 'user',
    params: personParams,
    responses: { 200: { description: 'It is gone', schema: said } },
    errors: [404],
    handler: async ({ req, params }) => {
      await removePerson(deps, req, await personOf(req, params.id));
      return { status: 200, body: { success: true, message: 'Person erased' } };
    },
  });

  const addPhoto = defineRoute({
    method: 'post',
    path: `${PERSONS}/:id/photos`,
    summary: 'Enrol a photo of a person',
    access: 'user',
    idempotent: true,
    params: personParams,
    query: chosenFace,
    rawBody: { contentType: 'multipart/form-data', schema: enrolForm },
    responses: {
      201: { description: 'The face that was taken', schema: enrolled },
      202: { description: 'It takes longer; follow the job', schema: stillWorking },
    },
    errors: [404, 409, 413, 415, 422],
    handler: async ({ req, res, params, query: { face } }) =>
      enrol(deps, req, res, await personOf(req, params.id), face ?? null),
  });

  const removePhoto = defineRoute({
    method: 'delete',
    path: `${PERSONS}/:id/photos/:pid`,
    summary: 'Forget a photo of a person',
    access: 'user',
    params: photoParams,
    responses: { 200: { description: 'It is gone', schema: said } },
    errors: [404],
    handler: async ({ req, params: { id, pid } }) => {
      const { owner_id: ownerId } = await personOf(req, id);
      const { id: requestId, traceparent } = contextOf(req);
      const key = await db.transaction().execute(async (tx) => {
        const removed = await deletePersonPhoto(tx, id, pid);
        if (removed === undefined) throw new ApiError(404, 'not_found', 'The person has no such photo');
        const input = { keys: [removed], prefixes: [] };
        await insertJobs(tx, [newJob('photos.purge', input, { ownerId, requestId, traceparent })]);
        await writeAudit(tx, [auditEntry(req, 'person.forget-photo', id, { photo: pid })]);
        return removed;
      });
      await removeNow(deps, [key]);
      return { status: 200, body: { success: true, message: 'Photo deleted' } };
    },
  });

  const merge = defineRoute({
    method: 'post',
    path: `${PERSONS}/:id/merge`,
    summary: 'Take another person in: its photos, and wherever it was recognised',
    access: 'user',
    params: personParams,
    body: mergeBody,
    responses: { 200: { description: 'The person that is left', schema: person } },
    errors: [404, 409],
    handler: async ({ req, params: { id }, body: { from } }) => {
      if (id === from) throw new ApiError(400, 'same_person', 'A person can not be merged with itself');
      const [into, other] = [await personOf(req, id), await personOf(req, from)];
      if (into.owner_id !== other.owner_id) throw notFound();
      await db.transaction().execute(async (tx) => {
        // In one order, so that two who merge each other do not wait for each other.
        for (const one of [id, from].sort()) if (!(await lockPerson(tx, one, 'change'))) throw notFound();
        await mergePersons(tx, from, id);
        await writeAudit(tx, [auditEntry(req, 'person.merge', id, { from })]);
      });
      return { status: 200, body: await show(req, id) };
    },
  });

  const exportAll = defineRoute({
    method: 'get',
    path: `${PERSONS}/:id/export`,
    summary: 'All that is kept of a person',
    access: 'user',
    params: personParams,
    responses: { 200: { description: 'All of it', schema: personExport } },
    errors: [404],
    handler: async ({ req, params: { id } }) => {
      const row = await personOf(req, id);
      const [photos, seen_on] = await Promise.all([exportPhotos(db, id), exportSightings(db, row)]);
      const { photos: _, ...about } = presentPerson(row);
      const told = photos.map(async ({ object_key, face, created_at, embeddings, ...photo }) => ({
        ...photo,
        ...face,
        created_at: created_at.toISOString(),
        url: await addresses.signed(object_key),
        embeddings: embeddings.map(({ model_id, values }) => {
          const dimensions = Buffer.from(values, 'base64').length / BYTES_OF_A_NUMBER;
          return { model_id, dimensions, values };
        }),
      }));
      await deps.audit.record(auditEntry(req, 'person.export', id));
      const exported_at = new Date().toISOString();
      const body = { success: true, exported_at, person: about, photos: await Promise.all(told), seen_on };
      return { status: 200, body };
    },
  });

  const reembed = defineRoute({
    method: 'post',
    path: `${PERSONS}/re-embed`,
    summary: 'Describe every enrolled face anew that the present models have not described',
    access: 'user',
    responses: { 202: { description: 'Accepted: follow the job', schema: stillWorking } },
    handler: async ({ req }) => {
      const { id: requestId, traceparent } = contextOf(req);
      const ownerId = principalOf(req).userId;
      const job = newJob('faces.reembed', { model_id: null }, { ownerId, requestId, traceparent });
      await dispatcher.submit(job);
      await deps.audit.record(auditEntry(req, 'person.re-embed', job.id));
      return stillWorkingAnswer(env, job.id, 'The faces are being described anew');
    },
  });

  return [create, list, reembed, get, rename, remove, addPhoto, removePhoto, merge, exportAll];
}
