import {
  batchAnswer,
  batchFields,
  batchList,
  batchLog,
  MAX_BATCH_PHOTOS,
  photosHealth,
  said,
} from '@mediaworks/contracts';
import type { Request } from 'express';
import { z } from 'zod';
import type { ErrorShape } from '../api-error.ts';
import { auditEntry } from '../audit.ts';
import { defineRoute, type Route, type RouteSet } from '../define-route.ts';
import type { GatewayDeps } from '../deps.ts';
import type { SignedAddresses } from '../files/addresses.ts';
import { contentDisposition } from '../files/content-disposition.ts';
import { fingerprintOf, idempotencyKeyOf } from '../idempotency.ts';
import { waitAsPreferred } from '../jobs/wait-for-job.ts';
import { contextOf, principalOf, viewerOf } from '../request-context.ts';
import { countBatches, listBatches, listEntries, listMatches } from './batch-queries.ts';
import { batchNotFound, batchParams, findBatchOf } from './find-batch-of.ts';
import { createPhotoIntake } from './intake.ts';
import { personRoutes } from './person-routes.ts';
import { presentBatch, presentCsv, presentEntries, presentSummary } from './presenter.ts';
import { receivePhotos } from './receive-photos.ts';
import { removeBatch } from './remove.ts';
import { unknownRoutes } from './unknown-routes.ts';
import { verifyRoute } from './verify-route.ts';

const DEFAULT_LIST = 50;
const MAX_LIST = 500;
const LOGS = '/api/batch-photos/logs';

const listQuery = z.object({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .transform((limit) => Math.min(limit, MAX_LIST))
    .default(DEFAULT_LIST),
});
const recognizeForm = z.object({
  'photos[]': z
    .array(z.string().meta({ format: 'binary' }))
    .min(1)
    .max(MAX_BATCH_PHOTOS),
  threshold: z.number().min(0).max(100).optional(),
});

const photoErrorShape: ErrorShape = (message) => ({ success: false, error: message });

/** `/api/batch-photos/*` and `/api/persons/*`: the wire of the face-recognizer seed, and what fills its gallery. */
export function photoRoutes(deps: GatewayDeps, addresses: SignedAddresses): RouteSet {
  return {
    domain: 'photos',
    prefixes: ['/api/batch-photos', '/api/persons'],
    errorShape: photoErrorShape,
    routes: [
      ...batchRoutes(deps),
      ...unknownRoutes(deps),
      verifyRoute(deps),
      ...personRoutes(deps, addresses),
    ],
  };
}

function batchRoutes(deps: GatewayDeps): Route[] {
  const { db, store, env } = deps;
  const intake = createPhotoIntake(deps);

  const batchOf = (req: Request, id: string) => findBatchOf(db, req, id);
  const entriesOf = async (id: string) => {
    const [entries, matches] = await Promise.all([listEntries(db, id), listMatches(db, id)]);
    return presentEntries(id, entries, matches);
  };

  const recognize = defineRoute({
    method: 'post',
    path: '/api/batch-photos/recognize',
    summary: `Recognise the faces on up to ${MAX_BATCH_PHOTOS} photos`,
    access: 'user',
    idempotent: true,
    query: batchFields,
    rawBody: { contentType: 'multipart/form-data', schema: recognizeForm },
    responses: {
      200: { description: 'Every photo was looked at', schema: batchAnswer },
      202: { description: 'What is done so far; the rest goes on', schema: batchAnswer },
    },
    errors: [409, 413],
    handler: async ({ req, res, query }) => {
      const key = idempotencyKeyOf(req);
      const ownerId = principalOf(req).userId;
      const { photos, fields } = await receivePhotos(req, res, deps, ownerId);
      const given = batchFields.safeParse(fields);
      if (!given.success) {
        await intake.takeBack(photos);
        throw given.error;
      }
      const threshold = given.data.threshold ?? query.threshold;
      const { id: requestId, traceparent } = contextOf(req);
      const fingerprint = fingerprintOf({
        method: 'POST',
        path: req.path,
        fields: { threshold: threshold ?? null },
        files: photos.map((photo) => ('sha256' in photo ? photo.sha256 : photo.refusal.code)),
      });
      const id = await intake.submit({
        ownerId,
        domain: req.hostname,
        threshold,
        photos,
        origin: { requestId, traceparent },
        audit: auditEntry(req, 'photos.recognize', ''),
        idempotency: key === undefined ? undefined : { key, fingerprint },
      });
      const batch = await batchOf(req, id);
      if (batch.job_id !== null) {
        await waitAsPreferred(deps, req, res, { id: batch.job_id, defaultMs: env.PHOTO_WAIT });
      }
      const now = await batchOf(req, id);
      return {
        status: now.status === 'processing' ? 202 : 200,
        body: presentBatch(now),
        headers: { Location: `${env.PUBLIC_URL}${LOGS}/${id}` },
      };
    },
  });

  const list = defineRoute({
    method: 'get',
    path: LOGS,
    summary: 'Batches, newest first',
    access: 'user',
    query: listQuery,
    responses: { 200: { description: 'The newest', schema: batchList } },
    handler: async ({ req, query: { limit } }) => {
      const viewer = viewerOf(req);
      const [rows, total_available] = await Promise.all([
        listBatches(db, viewer, limit),
        countBatches(db, viewer),
      ]);
      const batches = rows.map((row) => ({
        batch_id: row.id,
        total_photos: row.total_photos,
        summary: presentSummary(row),
        created_at: row.created,
        status: row.status,
      }));
      return { status: 200, body: { success: true, total: rows.length, total_available, batches } };
    },
  });

  const log = defineRoute({
    method: 'get',
    path: `${LOGS}/:id`,
    summary: 'A batch, photo by photo',
    access: 'user',
    params: batchParams,
    responses: { 200: { description: 'The batch', schema: batchLog } },
    errors: [404],
    handler: async ({ req, params: { id } }) => {
      const row = await batchOf(req, id);
      const { total_photos, status } = row;
      const counts = { total_photos, summary: presentSummary(row), entries: await entriesOf(id), status };
      return { status: 200, body: { success: true, batch_id: id, ...counts } };
    },
  });

  const exported = defineRoute({
    method: 'get',
    path: `${LOGS}/:id/export`,
    summary: 'A batch as CSV',
    access: 'user',
    params: batchParams,
    responses: {
      200: { description: 'A line a photo', contentType: 'text/csv; charset=utf-8', schema: z.string() },
    },
    errors: [404],
    handler: async ({ req, res, params: { id } }) => {
      await batchOf(req, id);
      const body = Buffer.from(presentCsv(await entriesOf(id)));
      res
        .writeHead(200, {
          'Content-Type': 'text/csv; charset=utf-8',
          'Content-Length': body.length,
          'Content-Disposition': contentDisposition('attachment', `${id}.csv`),
          'Cache-Control': 'no-store',
        })
        .end(body);
      return undefined;
    },
  });

  const remove = defineRoute({
    method: 'delete',
    path: `${LOGS}/:id`,
    summary: 'Delete a batch and its photos',
    access: 'user',
    params: batchParams,
    responses: { 200: { description: 'It is gone', schema: said } },
    errors: [404],
    handler: async ({ req, params: { id } }) => {
      if (!(await removeBatch(deps, req, id))) throw batchNotFound();
      return { status: 200, body: { success: true, message: `Batch ${id} deleted successfully` } };
    },
  });

  const health = defineRoute({
    method: 'get',
    path: '/api/batch-photos/health',
    summary: 'Whether batches are taken',
    access: 'public',
    responses: {
      200: { description: 'They are', schema: photosHealth },
      503: { description: 'The store is away', schema: photosHealth },
    },
    handler: async () => {
      const healthy = await store.check().then(
        () => true,
        () => false,
      );
      const about = { service: 'batch_photo_recognition', version: 'v1', log_directory_exists: healthy };
      return {
        status: healthy ? 200 : 503,
        body: { status: healthy ? 'healthy' : 'unhealthy', ...about, endpoints: ENDPOINTS },
      };
    },
  });

  return [recognize, list, log, exported, remove, health];
}

const ENDPOINTS = [
  'POST /api/batch-photos/recognize',
  'GET /api/batch-photos/logs/<batch_id>',
  'GET /api/batch-photos/logs/<batch_id>/export',
  'GET /api/batch-photos/logs',
  'DELETE /api/batch-photos/logs/<batch_id>',
  'GET /api/batch-photos/health',
];
