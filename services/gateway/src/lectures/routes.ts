import {
  lectureDetail,
  lectureDownload,
  lectureEnded,
  lectureList,
  lectureWorkers,
} from '@mediaworks/contracts';
import type { Request } from 'express';
import { z } from 'zod';
import { ApiError, plainErrorShape } from '../api-error.ts';
import { auditEntry } from '../audit.ts';
import { defineRoute, type RouteSet } from '../define-route.ts';
import type { GatewayDeps } from '../deps.ts';
import type { SignedAddresses } from '../files/addresses.ts';
import type { Ingest } from '../ingest.ts';
import { viewerOf } from '../request-context.ts';
import { bringRoutes } from './bring-routes.ts';
import { chunkRoutes } from './chunk-routes.ts';
import { presentInList, presentLecture } from './presenter.ts';
import { countLectures, countWorkers, findLecture, type LectureRow, listLectures } from './queries.ts';
import { removeLecture } from './remove.ts';

const MAX_LIST = 1_000;
const lectureParams = z.object({ id: z.uuid().toLowerCase() });
const listQuery = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_LIST).default(MAX_LIST),
  offset: z.coerce.number().int().min(0).default(0),
});
const downloadQuery = z.object({ type: z.enum(['pdf', 'srt', 'manifest']).default('pdf') });
const cancelBody = z.object({ reason: z.string().trim().min(1).max(500).default('Cancelled by user') });
const notFound = () => new ApiError(404, 'not_found', 'Video not found');

/** The wire of the lecture2pdf seed. */
export function lectureRoutes(
  deps: GatewayDeps,
  addresses: SignedAddresses,
  { staging, lectures: intake }: Pick<Ingest, 'staging' | 'lectures'>,
): RouteSet {
  const { db, dispatcher, env } = deps;

  const lectureOf = async (req: Request, id: string): Promise<LectureRow> => {
    const row = await findLecture(db, id, viewerOf(req));
    if (!row) throw notFound();
    return row;
  };

  const list = defineRoute({
    method: 'get',
    path: '/list',
    summary: 'Lectures, newest first: one’s own, or all for an administrator',
    access: 'user',
    query: listQuery,
    responses: { 200: { description: 'A page', schema: lectureList } },
    handler: async ({ req, query }) => {
      const viewer = viewerOf(req);
      const [rows, total] = await Promise.all([listLectures(db, viewer, query), countLectures(db, viewer)]);
      return {
        status: 200,
        body: { videos: rows.map(presentInList), total, timestamp: new Date().toISOString() },
      };
    },
  });

  const status = defineRoute({
    method: 'get',
    path: '/status/:id',
    summary: 'How a lecture stands',
    access: 'user',
    params: lectureParams,
    responses: { 200: { description: 'The lecture', schema: lectureDetail } },
    errors: [404],
    handler: async ({ req, params }) => ({
      status: 200,
      body: presentLecture(await lectureOf(req, params.id)),
    }),
  });

  const download = defineRoute({
    method: 'get',
    path: '/download/:id',
    summary: 'An address of the PDF, the subtitles or the manifest that opens for an hour',
    access: 'user',
    params: lectureParams,
    query: downloadQuery,
    responses: { 200: { description: 'The address', schema: lectureDownload } },
    errors: [404],
    handler: async ({ req, params, query: { type } }) => {
      const row = await lectureOf(req, params.id);
      if (!row.result) {
        const fields = { status: row.status };
        throw new ApiError(400, 'not_ready', `${TITLES[type]} not ready yet`, { fields });
      }
      const object = row.result[type];
      if (!object) throw new ApiError(404, 'no_transcript', 'There is no text in this lecture');
      const filename = `${stemOf(row.filename)}.${EXTENSIONS[type]}`;
      const download_url = await addresses.signed(object.key, filename);
      const expires_in = Math.round(env.LINK_LIFETIME / 1_000);
      return { status: 200, body: { download_url, video_id: row.id, filename, expires_in } };
    },
  });

  const cancel = defineRoute({
    method: 'post',
    path: '/cancel/:id',
    summary: 'Stop working on a lecture',
    access: 'user',
    params: lectureParams,
    body: cancelBody,
    responses: { 200: { description: 'It is cancelled', schema: lectureEnded } },
    errors: [404, 409],
    handler: async ({ req, params: { id }, body: { reason } }) => {
      const { job_id } = await lectureOf(req, id);
      const ended = await dispatcher.cancel(job_id, reason);
      if (ended) await deps.audit.record(auditEntry(req, 'lecture.cancel', id, { reason }));
      const { status: now } = await lectureOf(req, id);
      if (now !== 'cancelled')
        throw new ApiError(409, 'already_ended', `Cannot cancel a video that is ${now}`, {
          fields: { status: now },
        });
      const message = 'Video processing cancelled';
      return { status: 200, body: { success: true, video_id: id, status: now, message } };
    },
  });

  const remove = defineRoute({
    method: 'delete',
    path: '/videos/:id',
    summary: 'Delete a lecture: the video, and all that was made of it',
    access: 'user',
    params: lectureParams,
    responses: { 200: { description: 'It is gone', schema: lectureEnded } },
    errors: [404],
    handler: async ({ req, params: { id } }) => {
      if (!(await removeLecture(deps, req, id))) throw notFound();
      return {
        status: 200,
        body: { success: true, video_id: id, status: 'deleted', message: 'Video deleted' },
      };
    },
  });

  const workerHealth = defineRoute({
    method: 'get',
    path: '/worker-health',
    summary: 'Whether anybody is there to convert lectures',
    access: 'public',
    responses: {
      200: { description: 'There is', schema: lectureWorkers },
      503: { description: 'Nobody: uploads are taken, and wait', schema: lectureWorkers },
    },
    handler: async () => {
      const figures = await countWorkers(db);
      const healthy = figures.workers > 0;
      const told = { status: healthy ? 'healthy' : 'unavailable', service: 'lecture2pdf' };
      return {
        status: healthy ? 200 : 503,
        body: { ...told, ...figures, timestamp: new Date().toISOString() },
      };
    },
  });

  return {
    domain: 'lectures',
    prefixes: [
      '/upload',
      '/assemble-file',
      '/import-url',
      '/list',
      '/status',
      '/download',
      '/cancel',
      '/videos',
    ],
    errorShape: plainErrorShape,
    routes: [
      ...bringRoutes(deps, intake),
      ...chunkRoutes(deps, staging, intake),
      ...[list, status, download, cancel, remove, workerHealth],
    ],
  };
}

const TITLES = { pdf: 'PDF', srt: 'Subtitles', manifest: 'Manifest' } as const;
const EXTENSIONS = { pdf: 'pdf', srt: 'srt', manifest: 'json' } as const;

function stemOf(filename: string): string {
  const dot = filename.lastIndexOf('.');
  return dot > 0 ? filename.slice(0, dot) : filename;
}
