import { Readable } from 'node:stream';
import {
  harvestBody,
  harvestFiles,
  harvestProgress,
  harvestResults,
  harvestStarted,
  harvestStopped,
} from '@mediaworks/contracts';
import { zipObjects } from '@mediaworks/storage';
import { z } from 'zod';
import { ApiError, plainErrorShape } from '../api-error.ts';
import { auditEntry } from '../audit.ts';
import { defineRoute, type RouteSet } from '../define-route.ts';
import type { GatewayDeps } from '../deps.ts';
import { fingerprintOf, idempotencyKeyOf } from '../idempotency.ts';
import { contextOf, principalOf } from '../request-context.ts';
import { harvestStatusOf, presentProgress, presentResults } from './presenter.ts';
import {
  currentUsers,
  findHarvestUsers,
  findOpenRun,
  findRun,
  listHarvested,
  listRunUsers,
  manifestLines,
  type RunRow,
  userErrors,
} from './queries.ts';
import { startRun } from './start-run.ts';
import { MANIFEST_TYPES, manifestText, sendMade } from './stream-answers.ts';

const ENDPOINT = '/batch-process-status';
const MAX_ERRORS = 100;
const MAX_CURRENT = 50;
const MAX_USERS = 10_000;
const MAX_FILES = 1_000;
const MAX_ZIPPED = 100_000;
const offset = z.coerce.number().int().min(0).default(0);
const limit = (most: number) => z.coerce.number().int().min(1).max(most).default(most);
const runQuery = z.object({ run: z.uuid().toLowerCase().optional() });
const resultsQuery = runQuery.extend({
  format: z.enum(['json', 'jsonl', 'csv']).default('json'),
  limit: limit(MAX_USERS),
  offset,
});
const filesQuery = z.object({
  user: z.string().trim().min(1).max(1_500),
  format: z.enum(['json', 'zip']).default('json'),
  limit: limit(MAX_FILES),
  offset,
});
const cancelBody = z.object({ reason: z.string().trim().min(1).max(500).default('Cancelled by user') });

/** Makes the address of an object that opens for a while. */
export interface SignedAddresses {
  signed(key: string, filename?: string): Promise<string>;
}

/** The wire of the firebase-harvester seed. Whoever may come in sees every run: they are the project's, not a user's. */
export function harvestRoutes(deps: GatewayDeps, addresses: SignedAddresses): RouteSet {
  const { db, dispatcher, store, log, env } = deps;

  /** The run that was asked for, or the latest; undefined when there was none yet. */
  const runOf = async (id: string | undefined): Promise<RunRow | undefined> => {
    const run = await findRun(db, id);
    if (!run && id !== undefined) throw new ApiError(404, 'not_found', 'There is no such run');
    return run;
  };

  const start = defineRoute({
    method: 'post',
    path: '/batch-process-users',
    summary: 'Fetch every user’s images and voices out of Firebase Storage',
    access: 'admin',
    body: harvestBody,
    idempotent: true,
    responses: { 200: { description: 'Started, or under way already', schema: harvestStarted } },
    errors: [409, 413],
    handler: async ({ req, body }) => {
      if (!deps.firebase) {
        throw new ApiError(
          503,
          'firebase_not_initialized',
          'Firebase not initialized: set FIREBASE_PROJECT_ID or FIREBASE_SERVICE_ACCOUNT_PATH',
        );
      }
      const key = idempotencyKeyOf(req);
      const essence = { method: 'POST', path: '/batch-process-users', fields: body, files: [] };
      const { id: requestId, traceparent } = contextOf(req);
      const manner = { ...body, users: body.users ?? null };
      const { subject: _, ...audit } = auditEntry(req, 'harvest.start', '', manner);
      const { run, ...outcome } = await startRun(deps, {
        ownerId: principalOf(req).userId,
        manner,
        origin: { requestId, traceparent },
        audit,
        idempotency: key === undefined ? undefined : { key, fingerprint: fingerprintOf(essence) },
      });
      const names = { endpoint: ENDPOINT, run_id: run.id, job_id: run.job_id };
      const headers = { Location: `${env.PUBLIC_URL}/api/jobs/${run.job_id}` };
      if (outcome.started) {
        return {
          status: 200,
          body: { message: 'Batch processing started', status: 'processing', ...names },
          headers,
        };
      }
      const { processed_users, total_users } = run as RunRow;
      const message = 'Batch processing is already in progress';
      const progress = `${processed_users}/${total_users}`;
      return { status: 200, body: { message, status: 'processing', progress, ...names }, headers };
    },
  });

  const status = defineRoute({
    method: 'get',
    path: ENDPOINT,
    summary: 'How the latest run stands, or another',
    access: 'admin',
    query: runQuery,
    responses: { 200: { description: 'The run', schema: harvestProgress } },
    errors: [404],
    handler: async ({ query }) => {
      const run = await runOf(query.run);
      const [current, errors] = run
        ? await Promise.all([
            currentUsers(db, run.job_id, MAX_CURRENT),
            userErrors(db, run.job_id, MAX_ERRORS),
          ])
        : [[], []];
      return { status: 200, body: presentProgress(run, current, errors) };
    },
  });

  const results = defineRoute({
    method: 'get',
    path: '/batch-process-results',
    summary: 'What the latest run has brought, or another; its manifest as JSON Lines or CSV',
    access: 'admin',
    query: resultsQuery,
    responses: { 200: { description: 'Figures and users; or the manifest', schema: harvestResults } },
    errors: [404],
    handler: async ({ res, query: { run: id, format, ...page } }) => {
      const run = await runOf(id);
      if (format === 'json') {
        const users = run ? await listRunUsers(db, run.job_id, page) : [];
        return { status: 200, body: presentResults(run, users) };
      }
      if (!run) throw new ApiError(404, 'not_found', 'There was no run yet');
      const lines = manifestText(manifestLines(db, run.id), format);
      const file = { name: `harvest-${run.id}.${format}`, contentType: MANIFEST_TYPES[format] };
      await sendMade(res, { ...file, body: Readable.from(lines) }, log);
      return undefined;
    },
  });

  const cancel = defineRoute({
    method: 'post',
    path: '/batch-process-cancel',
    summary: 'Stop the run that is under way; what was fetched stays',
    access: 'admin',
    body: cancelBody,
    responses: { 200: { description: 'It is stopped', schema: harvestStopped } },
    errors: [409],
    handler: async ({ req, body: { reason } }) => {
      const run = await findOpenRun(db);
      if (!run || !(await dispatcher.cancel(run.job_id, reason))) {
        throw new ApiError(409, 'not_running', 'No batch processing is in progress');
      }
      await deps.audit.record(auditEntry(req, 'harvest.cancel', run.id, { reason }));
      const message = 'Batch processing cancelled';
      const body = { message, status: harvestStatusOf('cancelled'), run_id: run.id, job_id: run.job_id };
      return { status: 200, body };
    },
  });

  const files = defineRoute({
    method: 'get',
    path: '/batch-process-files',
    summary: 'A user’s files, with addresses that open for a while, or all of them as an archive',
    access: 'admin',
    query: filesQuery,
    responses: { 200: { description: 'The files; or a ZIP', schema: harvestFiles } },
    errors: [404],
    handler: async ({ res, query: { user, format, ...page } }) => {
      const ids = await findHarvestUsers(db, user);
      if (ids.length === 0) throw new ApiError(404, 'not_found', 'Nothing was harvested of such a user');
      if (format === 'json') {
        const { files: rows, total } = await listHarvested(db, ids, page);
        const listed = await Promise.all(
          rows.map(async (row) => ({ ...row, url: await addresses.signed(row.path) })),
        );
        return { status: 200, body: { user, total, files: listed } };
      }
      const { files: rows } = await listHarvested(db, ids, { offset: 0, limit: MAX_ZIPPED });
      const entries = rows.map(({ path }) => ({ key: path, name: path.slice('downloads/'.length) }));
      const leaving = new AbortController();
      res.once('close', () => leaving.abort());
      const body = zipObjects(store, entries, { signal: leaving.signal });
      await sendMade(res, { name: `${user}.zip`, contentType: 'application/zip', body }, log);
      return undefined;
    },
  });

  return {
    domain: 'harvest',
    prefixes: ['/batch-process'],
    errorShape: plainErrorShape,
    routes: [start, status, results, cancel, files],
  };
}
