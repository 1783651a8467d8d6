import {
  groupResult,
  type GroupResult,
  person,
  personBody,
  stillWorking,
  unknownGroups,
} from '@mediaworks/contracts';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { ApiError } from '../api-error.ts';
import { defineRoute, type Route } from '../define-route.ts';
import type { GatewayDeps } from '../deps.ts';
import { viewerOf } from '../request-context.ts';
import { stillWorkingAnswer } from './await-job.ts';
import type { BatchRow } from './batch-queries.ts';
import { batchId, batchParams, findBatchOf } from './find-batch-of.ts';
import { askForGroups } from './group-unknowns.ts';
import { nameGroup } from './name-group.ts';
import { findPerson } from './person-queries.ts';
import { presentPerson } from './presenter.ts';
import { findFaces } from './unknown-queries.ts';
import { refusalOf } from './job-outcome.ts';
import { waitAsPreferred } from '../jobs/wait-for-job.ts';

const UNKNOWNS = '/api/batch-photos/logs/:id/unknowns';
const groupParams = z.object({ id: batchId, group: z.string().regex(/^[0-9a-f-]{36}\.\d{1,6}$/) });

/** Faces of a batch that nobody knows, put together, and given a name. */
export function unknownRoutes(deps: GatewayDeps): Route[] {
  const { db, env } = deps;

  /** The groups as things stand, or the job that will know. @throws ApiError when it came to nothing */
  const groupsOf = async (
    req: Request,
    res: Response,
    batch: BatchRow,
  ): Promise<GroupResult['groups'] | { jobId: string }> => {
    const jobId = await askForGroups(deps, req, batch);
    if (jobId === undefined) return [];
    const ended = await waitAsPreferred(deps, req, res, { id: jobId, defaultMs: env.PHOTO_WAIT });
    if (!ended) return { jobId };
    if (ended.status !== 'completed') throw refusalOf(ended);
    return groupResult.parse(ended.result).groups;
  };

  const list = defineRoute({
    method: 'get',
    path: UNKNOWNS,
    summary: 'The unknown faces of a batch, those of one person together',
    access: 'user',
    params: batchParams,
    responses: {
      200: { description: 'The groups, the largest first', schema: unknownGroups },
      202: { description: 'It takes longer; ask again', schema: stillWorking },
    },
    errors: [404],
    handler: async ({ req, res, params: { id } }) => {
      const found = await groupsOf(req, res, await findBatchOf(db, req, id));
      if ('jobId' in found) return stillWorkingAnswer(env, found.jobId, 'The faces are still being grouped');
      const places = await findFaces(
        db,
        id,
        found.flatMap(({ faces }) => faces),
      );
      const placeOf = new Map(places.map((place) => [`${place.photo_id}.${place.face}`, place]));
      const groups = found.map((group) => {
        const faces = group.faces.flatMap(({ photo_id, face }) => {
          const place = placeOf.get(`${photo_id}.${face}`);
          return place ? { filename: place.filename, box: place.box } : [];
        });
        return { id: group.id, count: faces.length, faces };
      });
      return { status: 200, body: { success: true, groups: groups.filter(({ count }) => count > 0) } };
    },
  });

  const name = defineRoute({
    method: 'post',
    path: `${UNKNOWNS}/:group/name`,
    summary: 'Say who a group of unknown faces is; a person of that name is one already, or is made',
    access: 'user',
    params: groupParams,
    body: personBody,
    responses: {
      200: { description: 'The person, known by these faces from now on', schema: person },
      202: { description: 'The faces are still being grouped; ask again', schema: stillWorking },
    },
    errors: [404],
    handler: async ({ req, res, params, body }) => {
      const batch = await findBatchOf(db, req, params.id);
      const found = await groupsOf(req, res, batch);
      if ('jobId' in found) return stillWorkingAnswer(env, found.jobId, 'The faces are still being grouped');
      const group = found.find(({ id }) => id === params.group);
      if (!group) throw new ApiError(404, 'not_found', 'There is no such group');
      const personId = await nameGroup(deps, req, { batch, faces: group.faces, name: body.name });
      const row = await findPerson(db, personId, viewerOf(req));
      if (!row) throw new ApiError(404, 'not_found', 'The person was deleted meanwhile');
      return { status: 200, body: presentPerson(row) };
    },
  });

  return [list, name];
}
