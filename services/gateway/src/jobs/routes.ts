import { isTerminal, jobPage, jobStatus, jobView } from '@mediaworks/contracts';
import { findJob, type JobRow, listJobs } from '@mediaworks/jobs';
import type { Request } from 'express';
import { z } from 'zod';
import { ApiError, plainErrorShape } from '../api-error.ts';
import { auditEntry } from '../audit.ts';
import { defineRoute, type RouteSet } from '../define-route.ts';
import type { GatewayDeps } from '../deps.ts';
import { cursorToId, idToCursor } from '../id-cursor.ts';
import { contextOf, principalOf, viewerOf } from '../request-context.ts';
import { createEventLinks } from './event-links.ts';
import { streamJob } from './event-stream.ts';
import { createJobPresenter } from './presenter.ts';

const DEFAULT_PAGE = 50;
const MAX_PAGE = 200;

const jobParams = z.object({ id: z.uuid().toLowerCase() });
const listQuery = z.object({
  type: z.string().max(100).optional(),
  status: jobStatus.optional(),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
  cursor: z.string().max(100).optional(),
});
const cancelBody = z.object({ reason: z.string().trim().min(1).max(500).default('Cancelled by request') });
const retried = z.object({
  job_id: z.uuid(),
  status: z.literal('queued'),
  links: jobView.shape.links.pick({ self: true }),
});

const noSuchJob = () => new ApiError(404, 'not_found', 'There is no such job');

/** What every job has, whatever its type. */
export function jobRoutes(deps: GatewayDeps): RouteSet {
  const { db, dispatcher, env } = deps;
  const eventLinks = createEventLinks(env.URL_SIGNING_SECRET, env.LINK_LIFETIME);
  const { present, locationOf } = createJobPresenter(env.PUBLIC_URL, eventLinks);

  const find = async (id: string, viewer: number | undefined): Promise<JobRow> => {
    const job = await findJob(db, id, viewer);
    if (!job) throw noSuchJob();
    return job;
  };
  const signed = (req: Request) => {
    const { id } = req.params;
    return typeof id === 'string' && eventLinks.verifies(id, req.query);
  };

  const list = defineRoute({
    method: 'get',
    path: '/api/jobs',
    summary: 'Jobs, newest first',
    access: 'user',
    query: listQuery,
    responses: { 200: { description: 'A page; `next_cursor` is null on the last', schema: jobPage } },
    handler: async ({ req, query }) => {
      const after = query.cursor === undefined ? undefined : { id: cursorToId(query.cursor) };
      const rows = await listJobs(db, { ...query, viewer: viewerOf(req), after, limit: query.limit + 1 });
      const page = rows.slice(0, query.limit);
      const last = rows.length > page.length ? page.at(-1) : undefined;
      return {
        status: 200,
        body: { jobs: page.map(present), next_cursor: last ? idToCursor(last.id) : null },
      };
    },
  });

  const get = defineRoute({
    method: 'get',
    path: '/api/jobs/:id',
    summary: 'A job',
    access: 'user',
    params: jobParams,
    responses: { 200: { description: 'The job', schema: jobView } },
    errors: [404],
    handler: async ({ req, params }) => ({
      status: 200,
      body: present(await find(params.id, viewerOf(req))),
    }),
  });

  const events = defineRoute({
    method: 'get',
    path: '/api/jobs/:id/events',
    summary: 'A job as it changes, as Server-Sent Events',
    access: 'user',
    admits: signed,
    params: jobParams,
    responses: {
      200: {
        description:
          '`progress`, `status` and one terminal `completed`, `failed` or `cancelled`; each has an id and the job as ' +
          'data. Resumes with Last-Event-ID.',
        contentType: 'text/event-stream',
        schema: z.string(),
      },
      204: { description: 'The terminal event has been seen: do not connect again' },
    },
    errors: [404],
    handler: async ({ req, res, params }) => {
      const bySignature = contextOf(req).principal === undefined;
      const job = await find(params.id, bySignature ? undefined : viewerOf(req));
      const seen = seenVersion(req.headers['last-event-id']);
      if (isTerminal(job.status) && seen >= job.version) return { status: 204 };
      await streamJob({ res, job, seen, watch: dispatcher.watch, present, closing: deps.closing });
      return undefined;
    },
  });

  const cancel = defineRoute({
    method: 'post',
    path: '/api/jobs/:id/cancel',
    summary: 'End a job and everything that it started',
    access: 'user',
    params: jobParams,
    body: cancelBody,
    responses: { 200: { description: 'The job, cancelled', schema: jobView } },
    errors: [404, 409],
    handler: async ({ req, params, body }) => {
      const viewer = viewerOf(req);
      await find(params.id, viewer);
      if (!(await dispatcher.cancel(params.id, body.reason))) {
        throw new ApiError(409, 'already_ended', 'The job has already ended');
      }
      await deps.audit.record(auditEntry(req, 'job.cancel', params.id, { reason: body.reason }));
      return { status: 200, body: present(await find(params.id, viewer)) };
    },
  });

  const retry = defineRoute({
    method: 'post',
    path: '/api/jobs/:id/retry',
    summary: 'Run a failed or cancelled job again',
    access: 'user',
    params: jobParams,
    responses: { 202: { description: 'Accepted as a new run', schema: retried } },
    errors: [404, 409],
    handler: async ({ req, params: { id } }) => {
      const viewer = viewerOf(req);
      // Who may, whether it can and what is noted of it are all of the one statement that does it.
      const again = await dispatcher.retry(id, {
        owner: viewer,
        actor: principalOf(req).userId,
        requestId: contextOf(req).id,
      });
      if (!again) {
        await find(id, viewer);
        throw new ApiError(409, 'not_retryable', 'Only a failed or cancelled job can be run again');
      }
      const self = locationOf(id);
      return {
        status: 202,
        body: { job_id: id, status: 'queued', links: { self } },
        headers: { Location: self },
      };
    },
  });

  return {
    domain: 'jobs',
    prefixes: ['/api/jobs'],
    errorShape: plainErrorShape,
    routes: [list, get, events, cancel, retry],
  };
}

function seenVersion(header: string | string[] | undefined): number {
  return typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : 0;
}
