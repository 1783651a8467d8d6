import {
  downloadQuery,
  studentId,
  tiktokDownload,
  tiktokInfo,
  tiktokIngestResult,
  tiktokJobs,
  tiktokUsernameView,
  tiktokVideos,
  usernameBody,
} from '@mediaworks/contracts';
import { findJob, type JobRow } from '@mediaworks/jobs';
import { openKeeper } from '@mediaworks/tiktok-keeper';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { ApiError, type ErrorShape } from '../api-error.ts';
import { auditEntry } from '../audit.ts';
import { type Answer, defineRoute, type RouteSet } from '../define-route.ts';
import type { GatewayDeps } from '../deps.ts';
import { createEventLinks } from '../jobs/event-links.ts';
import { createJobPresenter } from '../jobs/presenter.ts';
import { waitAsPreferred } from '../jobs/wait-for-job.ts';
import { beginRun } from './begin-run.ts';
import { answeringKeeper } from './keeper-errors.ts';
import { createVideoPresenter, failuresOf, messageOf } from './presenter.ts';
import { listFetched, listRuns } from './queries.ts';

/** How long an answer waits for its run where the caller does not say. */
const DEFAULT_WAIT_MS = 55_000;
const MAX_LIST = 1_000;
const MAX_RUNS = 100;

const studentParams = z.object({ student_id: studentId });
const listQuery = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_LIST).default(MAX_LIST),
  offset: z.coerce.number().int().min(0).default(0),
});
const runsQuery = z.object({ limit: z.coerce.number().int().min(1).max(MAX_RUNS).default(20) });

const tiktokErrorShape: ErrorShape = (message) => ({ success: false, error: message });

/** The wire of the tiktok-ingester seed. */
export function tiktokRoutes(deps: GatewayDeps): RouteSet {
  const { db, env } = deps;
  const keeper = answeringKeeper(openKeeper(env, deps));
  const presentVideos = createVideoPresenter(keeper, env);
  const eventLinks = createEventLinks(env.URL_SIGNING_SECRET, env.LINK_LIFETIME);
  const { present: presentJob, locationOf } = createJobPresenter(env.PUBLIC_URL, eventLinks);

  const usernameOf = async (id: string): Promise<string> => {
    const username = await keeper.usernameOf(id);
    if (username === undefined) {
      throw new ApiError(404, 'no_username', `No TikTok username found for student ${id}`);
    }
    return username;
  };

  /** Resolves with the run when it has ended, time is up, or we are about to stop. */
  const waitForRun = async (req: Request, res: Response, id: string): Promise<JobRow> => {
    const ended = await waitAsPreferred(deps, req, res, { id, defaultMs: DEFAULT_WAIT_MS });
    const run = ended ?? (await findJob(db, id, undefined));
    if (!run) throw new ApiError(404, 'not_found', 'The run is gone');
    return run;
  };

  const answerRun = async (student_id: string, username: string, run: JobRow): Promise<Answer> => {
    const job = presentJob(run);
    const common = { student_id, username, status: run.status, job_id: run.id, job };
    const { selected } = tiktokIngestResult.safeParse(run.result).data ?? { selected: [] };
    const videos = await presentVideos(await keeper.find(selected));
    const told = {
      ...common,
      videos,
      count: videos.length,
      failed: failuresOf(await listFetched(db, run.id)),
    };
    if (run.status === 'failed') {
      const { code = 'failed', message = 'The run failed', retryable = false } = run.error ?? {};
      throw new ApiError(retryable ? 502 : 422, code, message, { fields: told });
    }
    const open = run.status === 'queued' || run.status === 'processing';
    const message = messageOf(run, videos.length, selected.length);
    const success = run.status !== 'cancelled' && (open || videos.length > 0 || selected.length === 0);
    return {
      status: open ? 202 : 200,
      body: { success, ...told, message },
      headers: { Location: locationOf(run.id) },
    };
  };

  const download = defineRoute({
    method: 'post',
    path: '/tiktok/student/:student_id/download',
    summary: 'Download and keep a student’s videos; answers when that is done, or how far it is',
    access: 'user',
    idempotent: true,
    params: studentParams,
    query: downloadQuery,
    responses: {
      200: { description: 'Done', schema: tiktokDownload },
      202: { description: 'It takes longer: what is stored so far, and the job', schema: tiktokDownload },
    },
    errors: [404, 409, 422, 502],
    handler: async ({ req, res, params: { student_id }, query }) => {
      const username = await usernameOf(student_id);
      const id = await beginRun(deps, req, { student_id, username, ...query, seed: query.seed });
      return answerRun(student_id, username, await waitForRun(req, res, id));
    },
  });

  const videos = defineRoute({
    method: 'get',
    path: '/tiktok/student/:student_id/videos',
    summary: 'A student’s kept videos, newest first',
    access: 'user',
    params: studentParams,
    query: listQuery,
    responses: { 200: { description: 'The videos', schema: tiktokVideos } },
    errors: [404],
    handler: async ({ params: { student_id }, query }) => {
      const username = await usernameOf(student_id);
      const kept = await presentVideos(await keeper.videosOf(username, query));
      return {
        status: 200,
        body: { success: true, student_id, username, videos: kept, count: kept.length },
      };
    },
  });

  const username = defineRoute({
    method: 'get',
    path: '/tiktok/student/:student_id/username',
    summary: 'A student’s TikTok username',
    access: 'user',
    params: studentParams,
    responses: { 200: { description: 'The username', schema: tiktokUsernameView } },
    errors: [404],
    handler: async ({ params: { student_id } }) => ({
      status: 200,
      body: { success: true, student_id, username: await usernameOf(student_id) },
    }),
  });

  const link = defineRoute({
    method: 'put',
    path: '/tiktok/student/:student_id/username',
    summary: 'Say which TikTok account is a student’s',
    access: 'user',
    params: studentParams,
    body: usernameBody,
    responses: { 200: { description: 'It is linked', schema: tiktokUsernameView } },
    handler: async ({ req, params: { student_id }, body }) => {
      await keeper.link(student_id, body.username);
      await deps.audit.record(auditEntry(req, 'tiktok.link', student_id, body));
      return { status: 200, body: { success: true, student_id, username: body.username } };
    },
  });

  const info = defineRoute({
    method: 'get',
    path: '/tiktok/student/:student_id/info',
    summary: 'A student’s account, what is kept of it, and the last run',
    access: 'user',
    params: studentParams,
    responses: { 200: { description: 'What there is', schema: tiktokInfo } },
    errors: [404],
    handler: async ({ params: { student_id } }) => {
      const known = await usernameOf(student_id);
      const [totals, [last]] = await Promise.all([keeper.totalsOf(known), listRuns(db, student_id, 1)]);
      return {
        status: 200,
        body: {
          success: true,
          student_id,
          username: known,
          profile_url: `https://www.tiktok.com/@${known}`,
          video_count: totals.videos,
          total_size: totals.bytes,
          last_stored_at: totals.lastStoredAt,
          last_job: last ? presentJob(last) : null,
        },
      };
    },
  });

  const runs = defineRoute({
    method: 'get',
    path: '/tiktok/student/:student_id/jobs',
    summary: 'A student’s runs, newest first',
    access: 'user',
    params: studentParams,
    query: runsQuery,
    responses: { 200: { description: 'The runs', schema: tiktokJobs } },
    errors: [404],
    handler: async ({ params: { student_id }, query: { limit } }) => {
      await usernameOf(student_id);
      const jobs = (await listRuns(db, student_id, limit)).map(presentJob);
      return { status: 200, body: { success: true, student_id, jobs } };
    },
  });

  return {
    domain: 'tiktok',
    prefixes: ['/tiktok'],
    errorShape: tiktokErrorShape,
    routes: [download, videos, username, link, info, runs],
  };
}
