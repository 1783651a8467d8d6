import { PermanentError } from '@mediaworks/contracts';
import { listWorkers, type WorkerRow } from '@mediaworks/jobs';
import { checkPublicUrl } from '@mediaworks/runtime';
import type { Request } from 'express';
import { z } from 'zod';
import { ApiError } from '../api-error.ts';
import { auditEntry, writeAudit } from '../audit.ts';
import { type Answer, defineRoute, type Route } from '../define-route.ts';
import type { GatewayDeps } from '../deps.ts';
import { checkServer } from './check-server.ts';
import {
  healthCheck,
  healthChecked,
  newServer,
  serverChanged,
  serverChanges,
  type ServerView,
  serverView,
} from './schemas.ts';
import {
  changeServer,
  insertServer,
  listServers,
  noteHealth,
  removeServer,
  type ServerRow,
} from './server-queries.ts';

const serverParams = z.object({ id: z.uuid().toLowerCase() });
const MAX_SERVERS = 200;
/** Two heartbeats of a worker lie 1.5 s apart at most. */
const SILENT_MS = 6_000;

/** `/admin/servers`: the live workers of every service, and what was registered by hand. */
export function serverRoutes({ db, env, closing }: GatewayDeps): Route[] {
  const all = async (): Promise<ServerView[]> => {
    const [workers, servers] = await Promise.all([listWorkers(db), listServers(db)]);
    return [...workers.map(presentWorker), ...servers.map(presentServer)];
  };
  const check = async (url: string): Promise<string> => {
    try {
      return (await checkPublicUrl(url, { allow: env.SAFE_FETCH_ALLOW })).href;
    } catch (error) {
      if (error instanceof PermanentError) throw new ApiError(400, error.code, error.message);
      throw error;
    }
  };
  const missing = async (id: string): Promise<ApiError> =>
    (await listWorkers(db)).some((worker) => worker.id === id)
      ? new ApiError(409, 'live_worker', 'A worker registers itself, and is gone when it stops')
      : new ApiError(404, 'not_found', 'There is no such server');
  const change = async (
    req: Request,
    action: string,
    id: string,
    work: (tx: typeof db) => Promise<ServerRow | undefined>,
    [status, message]: [number, string],
  ): Promise<Answer> => {
    const server = await db.transaction().execute(async (tx) => {
      const row = await work(tx);
      if (!row) throw await missing(id);
      await writeAudit(tx, [
        auditEntry(req, action, row.id, { name: row.name, url: row.url, status: row.status }),
      ]);
      return row;
    });
    return { status, body: { success: true, server: presentServer(server), message } };
  };

  const list = defineRoute({
    method: 'get',
    path: '/admin/servers',
    summary: 'The live workers of every service, and servers that were registered by hand',
    access: 'admin',
    responses: { 200: { description: 'Workers first', schema: z.array(serverView) } },
    handler: async () => ({ status: 200, body: await all() }),
  });

  const add = defineRoute({
    method: 'post',
    path: '/admin/servers',
    summary: 'Register a server by hand',
    access: 'admin',
    body: newServer,
    responses: { 201: { description: 'The server', schema: serverChanged } },
    errors: [409],
    handler: async ({ req, body }) => {
      const url = await check(body.url);
      const known = await listServers(db);
      if (known.length >= MAX_SERVERS)
        throw new ApiError(409, 'too_many', `There are ${MAX_SERVERS} already`);
      if (known.some((server) => server.url === url))
        throw new ApiError(409, 'already_there', 'A server with this address is registered already');
      const insert = (tx: typeof db) => insertServer(tx, { ...body, url });
      return change(req, 'server.add', '', insert, [201, 'The server was registered']);
    },
  });

  const edit = defineRoute({
    method: 'put',
    path: '/admin/servers/:id',
    summary: 'Change a server that was registered by hand',
    access: 'admin',
    params: serverParams,
    body: serverChanges,
    responses: { 200: { description: 'The server', schema: serverChanged } },
    errors: [404, 409],
    handler: async ({ req, params: { id }, body }) => {
      const url = body.url === undefined ? undefined : await check(body.url);
      const update = (tx: typeof db) => changeServer(tx, id, { ...body, url });
      return change(req, 'server.change', id, update, [200, 'The server was changed']);
    },
  });

  const remove = defineRoute({
    method: 'delete',
    path: '/admin/servers/:id',
    summary: 'Forget a server that was registered by hand',
    access: 'admin',
    params: serverParams,
    responses: { 200: { description: 'The server that was', schema: serverChanged } },
    errors: [404, 409],
    handler: ({ req, params: { id } }) =>
      change(req, 'server.remove', id, (tx) => removeServer(tx, id), [200, 'The server was removed']),
  });

  const checkHealth = defineRoute({
    method: 'post',
    path: '/admin/servers/health-check',
    summary: 'Look now whether the servers that were registered by hand are well: all, or one',
    access: 'admin',
    body: healthCheck,
    responses: { 200: { description: 'What was found', schema: healthChecked } },
    errors: [404, 409],
    handler: async ({ body }) => {
      const only = body.server_id ?? body.id;
      const servers = await listServers(db);
      const asked = servers.filter(({ id, status }) =>
        only === undefined ? status === 'active' : id === only,
      );
      if (only !== undefined && asked.length === 0) throw await missing(only);
      const found = await Promise.all(
        asked.map(async (server) => {
          const health = await checkServer(server.url, env.SAFE_FETCH_ALLOW, closing);
          await noteHealth(db, server, health);
          return health.healthy;
        }),
      );
      const healthy = found.filter(Boolean).length;
      const message = `${healthy} of ${found.length} are well`;
      const body200 = { success: true, checked: found.length, healthy, servers: await all(), message };
      return { status: 200, body: body200 };
    },
  });

  return [list, checkHealth, add, edit, remove];
}

function presentWorker(worker: WorkerRow): ServerView {
  const healthy = worker.silent_ms < SILENT_MS;
  const { id, service, hostname, pid, busy, slots, done, failed, version } = worker;
  const since = worker.started_at.toISOString();
  const heard = worker.heartbeat_at.toISOString();
  return {
    id,
    name: `${service}@${hostname}:${pid}`,
    url: null,
    type: service,
    description: `${slots} jobs at a time`,
    status: 'active',
    health_status: {
      healthy,
      response_time: worker.silent_ms,
      error: healthy ? null : 'no_heartbeat',
      last_check: heard,
    },
    current_load: busy,
    capacity: slots,
    total_jobs_processed: done + failed,
    done,
    failed,
    since,
    version,
    manual: false,
    created_at: since,
    updated_at: heard,
  };
}

function presentServer(server: ServerRow): ServerView {
  const { id, name, url, type, description, status } = server;
  const since = server.created_at.toISOString();
  return {
    id,
    name,
    url,
    type,
    description,
    status,
    health_status: {
      healthy: server.healthy,
      response_time: server.response_ms,
      error: server.health_error,
      last_check: server.checked_at?.toISOString() ?? null,
    },
    current_load: 0,
    capacity: null,
    total_jobs_processed: 0,
    done: 0,
    failed: 0,
    since,
    version: null,
    manual: true,
    created_at: since,
    updated_at: server.updated_at.toISOString(),
  };
}
