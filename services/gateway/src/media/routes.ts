import { mediaChanges, mediaFilter, mediaItem, mediaPage, mediaStats } from '@mediaworks/contracts';
import { insertJobs } from '@mediaworks/jobs';
import { errorFields } from '@mediaworks/runtime';
import type { Request } from 'express';
import { z } from 'zod';
import { ApiError, plainErrorShape } from '../api-error.ts';
import { auditEntry, writeAudit } from '../audit.ts';
import { type Answer, defineRoute, type RouteSet } from '../define-route.ts';
import type { GatewayDeps } from '../deps.ts';
import { claimKey, fingerprintOf, idempotencyKeyOf } from '../idempotency.ts';
import { contextOf, principalOf, viewerOf } from '../request-context.ts';
import type { MediaIntake } from './intake.ts';
import { type Addresses, neighbours, presentItem } from './presenter.ts';
import { objectsOf, purgeOf } from './purge.ts';
import {
  countByTypeAndStatus,
  countItems,
  deleteItem,
  findItem,
  listItems,
  type MediaRow,
  type NewItem,
  setPublic,
} from './queries.ts';
import { receiveUpload } from './upload.ts';

const itemParams = z.object({ id: z.string() });
const pageQuery = mediaFilter.extend({ page: z.string().default('1') });
const uploadForm = z.object({
  file: z.string().meta({ format: 'binary' }),
  profile: z.string().optional().meta({ description: 'Comma-separated: avif, loudness, waveform, preview' }),
  is_public: z.boolean().optional(),
});

/** `/api/media/*`: the wire of the media-transcoder seed. */
export function mediaRoutes(deps: GatewayDeps, addresses: Addresses, intake: MediaIntake): RouteSet {
  const { db, dispatcher, store, env, log } = deps;

  const itemOf = async (req: Request, id: string): Promise<MediaRow> => {
    const row = await findItem(db, parseId(id), viewerOf(req));
    if (!row) throw notFound();
    return row;
  };
  const show = async (row: MediaRow, status = 200): Promise<Answer> => {
    const body = await presentItem(row, addresses);
    if (status !== 201) return { status, body };
    return { status, body, headers: { Location: `${env.PUBLIC_URL}/api/media/${row.id}/` } };
  };

  /**
   * Keeps the key of a request that began a new run. One that began none does not use its key up.
   * @returns whether an earlier request with the key began it
   */
  const keepKey = async (item: MediaRow, key: string, ownerId: number, began: boolean): Promise<boolean> => {
    const path = `/api/media/${item.id}/reprocess`;
    const fingerprint = fingerprintOf({ method: 'POST', path, fields: {}, files: [] });
    const tx = await db.startTransaction().execute();
    try {
      const first = await claimKey(tx, { ownerId, key, fingerprint, resourceId: String(item.id) });
      if (began) await tx.commit().execute();
      return first !== undefined;
    } finally {
      if (!tx.isCommitted) await tx.rollback().execute();
    }
  };

  const upload = defineRoute({
    method: 'post',
    path: '/api/media/upload',
    summary: 'Upload an image, a video or a sound',
    access: 'user',
    idempotent: true,
    rawBody: { contentType: 'multipart/form-data', schema: uploadForm },
    responses: { 201: { description: 'The item, processing', schema: mediaItem } },
    errors: [409, 413, 415],
    handler: async ({ req, res }) => {
      const key = idempotencyKeyOf(req);
      const principal = principalOf(req);
      const ownerId = principal.userId;
      const { file, fields } = await receiveUpload(req, res, intake.target(ownerId));
      const { id: requestId, traceparent } = contextOf(req);
      const accepted = await intake.submit(file, fields, {
        ownerId,
        origin: { requestId, traceparent },
        audit: auditEntry(req, 'media.upload', ''),
        idempotency: key === undefined ? undefined : { key },
      });
      if ('item' in accepted) return show(newRow(accepted, principal.username), 201);
      const row = await findItem(db, accepted.replayOf, principal.userId);
      if (!row)
        throw new ApiError(404, 'not_found', 'What the first request with this Idempotency-Key made is gone');
      return show(row, 201);
    },
  });

  const list = defineRoute({
    method: 'get',
    path: '/api/media',
    summary: 'List items, newest first',
    access: 'user',
    query: pageQuery,
    responses: { 200: { description: 'A page', schema: mediaPage } },
    errors: [404],
    handler: async ({ req, query }) => {
      const viewer = viewerOf(req);
      const count = await countItems(db, viewer, query);
      const pages = Math.max(1, Math.ceil(count / query.page_size));
      const page = parsePage(query.page, pages);
      const window = { offset: (page - 1) * query.page_size, limit: query.page_size };
      const rows = count === 0 ? [] : await listItems(db, viewer, query, window);
      const params = new URL(req.originalUrl, env.PUBLIC_URL).searchParams;
      const results = await Promise.all(rows.map((row) => presentItem(row, addresses)));
      return { status: 200, body: { count, ...neighbours(env.PUBLIC_URL, params, page, pages), results } };
    },
  });

  const stats = defineRoute({
    method: 'get',
    path: '/api/media/stats',
    summary: 'How many items there are, and how large',
    access: 'user',
    responses: { 200: { description: 'Counts', schema: mediaStats } },
    handler: async ({ req }) => ({ status: 200, body: await countByTypeAndStatus(db, viewerOf(req)) }),
  });

  const detail = defineRoute({
    method: 'get',
    path: '/api/media/:id',
    summary: 'An item',
    access: 'user',
    params: itemParams,
    responses: { 200: { description: 'The item', schema: mediaItem } },
    errors: [404],
    handler: async ({ req, params }) => show(await itemOf(req, params.id)),
  });

  const change = defineRoute({
    method: 'patch',
    path: '/api/media/:id',
    summary: 'Open or close an item to others',
    access: 'user',
    params: itemParams,
    body: mediaChanges,
    responses: { 200: { description: 'The item', schema: mediaItem } },
    errors: [404],
    handler: async ({ req, params, body }) => {
      const id = parseId(params.id);
      await db.transaction().execute(async (tx) => {
        if (!(await setPublic(tx, id, viewerOf(req), body.is_public))) throw notFound();
        await writeAudit(tx, [auditEntry(req, 'media.change', String(id), body)]);
      });
      return show(await itemOf(req, params.id));
    },
  });

  const remove = defineRoute({
    method: 'delete',
    path: '/api/media/:id',
    summary: 'Delete an item and its objects',
    access: 'user',
    params: itemParams,
    responses: { 204: { description: 'Gone' } },
    errors: [404],
    handler: async ({ req, params }) => {
      const { id: requestId, traceparent } = contextOf(req);
      const removed = await db.transaction().execute(async (tx) => {
        const item = await deleteItem(tx, parseId(params.id), viewerOf(req));
        if (!item) throw notFound();
        await insertJobs(tx, [purgeOf(item, { requestId, traceparent })]);
        await writeAudit(tx, [auditEntry(req, 'media.delete', String(item.id))]);
        return item;
      });
      // The item is gone, whatever becomes of its job: what that still makes nobody can open, and the night removes it.
      await dispatcher
        .cancel(removed.job_id, 'The item was deleted')
        .catch((error: unknown) => log.warn('the job of a deleted item goes on', errorFields(error)));
      // A signed address asks no row. Its object goes now; what can't be removed now, the job removes.
      const shut = await Promise.allSettled(objectsOf(removed).keys.map((key) => store.remove(key)));
      const left = shut.filter(({ status }) => status === 'rejected').length;
      if (left > 0) log.warn('objects of a deleted item wait for their job', { id: removed.id, left });
      dispatcher.nudge();
      return { status: 204 };
    },
  });

  const reprocess = defineRoute({
    method: 'post',
    path: '/api/media/:id/reprocess',
    idempotent: true,
    summary: 'Process a failed item again',
    access: 'user',
    params: itemParams,
    responses: { 200: { description: 'The item, processing', schema: mediaItem } },
    errors: [404, 409],
    handler: async ({ req, params }) => {
      const item = await itemOf(req, params.id);
      const key = idempotencyKeyOf(req);
      const { userId } = principalOf(req);
      const by = { owner: viewerOf(req), actor: userId, requestId: contextOf(req).id };
      const again = await dispatcher.retry(item.job_id, by);
      const replayed = key !== undefined && (await keepKey(item, key, userId, again));
      if (!again && !replayed) {
        const { status } = await itemOf(req, params.id);
        throw new ApiError(409, 'not_failed', `Only failed media can be reprocessed; this is ${status}`);
      }
      return show(await itemOf(req, params.id));
    },
  });

  return {
    domain: 'media',
    prefixes: ['/api/media'],
    errorShape: plainErrorShape,
    routes: [upload, list, stats, detail, change, remove, reprocess],
  };
}

/** An item that was written just now, as a query would find it. */
function newRow({ item, createdAt }: { item: NewItem; createdAt: Date }, username: string): MediaRow {
  const fresh = { status: 'processing', percent: 0, stage: '', result: null, error: null } as const;
  return { ...item, ...fresh, username, created_at: createdAt, updated_at: createdAt };
}

const notFound = () => new ApiError(404, 'not_found', 'Not found.');

/** What is no id at all answers like an id that is not there. */
function parseId(text: string): number {
  const id = /^\d{1,16}$/.test(text) ? Number(text) : 0;
  if (id < 1 || !Number.isSafeInteger(id)) throw notFound();
  return id;
}

function parsePage(text: string, pages: number): number {
  if (text === 'last') return pages;
  const page = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (page < 1 || page > pages) throw new ApiError(404, 'invalid_page', 'Invalid page.');
  return page;
}
