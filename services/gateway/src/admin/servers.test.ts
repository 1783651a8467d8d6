import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { bearer, openGateway, OPERATOR_TOKEN, tokenFor } from '../testing/open-gateway.ts';
import type { ServerView } from './schemas.ts';

let gateway: Awaited<ReturnType<typeof openGateway>>;
let machine: Server;
let machineUrl: string;
/** What the machine answers next. */
let answer: () => { status: number; location?: string };
/** Where nobody listens any more. */
let goneHost: string;

beforeAll(async () => {
  machine = createServer((_req, res) => {
    const { status, location } = answer();
    res.writeHead(status, location === undefined ? {} : { location }).end('well');
  });
  const host = await listen(machine);
  const gone = createServer();
  goneHost = await listen(gone);
  gone.close();
  machineUrl = `http://${host}/health`;
  gateway = await openGateway({ SAFE_FETCH_ALLOW: `${host},${goneHost}` });
});
afterAll(async () => {
  await gateway.close();
  machine.close();
  machine.closeAllConnections();
});
afterEach(() => sql`truncate workers, admin_servers, audit_log`.execute(gateway.deps.db));

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const admin = bearer(OPERATOR_TOKEN);
const send = async (method: string, path: string, body?: unknown, headers = admin) => {
  const got = await fetch(`${gateway.url}/admin/servers${path}`, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: got.status, body: (await got.json()) as Record<string, unknown> };
};
const list = async () => (await send('GET', '')).body as unknown as ServerView[];
const add = async (url = machineUrl) => {
  const { status, body } = await send('POST', '', { name: 'Old worker', url });
  expect({ status, body }).toMatchObject({ status: 201 });
  return body['server'] as ServerView;
};
const worker = async (service: string, silent: string, busy = 0) => {
  const id = randomUUID();
  await sql`
    insert into workers (id, service, hostname, pid, version, slots, busy, done, failed, started_at, heartbeat_at)
    values (${id}, ${service}, 'box', 7, '1.2.3', 2, ${busy}, 5, 1, now() - interval '1 hour', now() - ${silent}::interval)`.execute(
    gateway.deps.db,
  );
  return id;
};

describe('the servers', () => {
  it('are the live workers of every service, and how they do', async () => {
    const busy = await worker('lecture2pdf', '1 second', 2);
    const mute = await worker('media-transcoder', '10 seconds');
    await worker('media-transcoder', '1 minute');
    const [first, second, ...rest] = await list();
    expect(rest).toEqual([]);
    expect(first).toEqual({
      id: busy,
      name: 'lecture2pdf@box:7',
      url: null,
      type: 'lecture2pdf',
      description: expect.any(String),
      status: 'active',
      health_status: {
        healthy: true,
        response_time: expect.any(Number),
        error: null,
        last_check: expect.any(String),
      },
      current_load: 2,
      capacity: 2,
      total_jobs_processed: 6,
      done: 5,
      failed: 1,
      since: expect.any(String),
      version: '1.2.3',
      manual: false,
      created_at: expect.any(String),
      updated_at: expect.any(String),
    });
    expect(Date.now() - Date.parse(first?.since ?? '')).toBeGreaterThan(3_500_000);
    expect(second).toMatchObject({ id: mute, health_status: { healthy: false, error: 'no_heartbeat' } });
  });

  it('may be registered by hand, changed and forgotten', async () => {
    const server = await add();
    expect(server).toMatchObject({
      name: 'Old worker',
      url: machineUrl,
      type: 'worker',
      status: 'active',
      manual: true,
      health_status: { healthy: null, response_time: null, error: null, last_check: null },
    });
    const changed = await send('PUT', `/${server.id}`, { name: 'Older', status: 'inactive' });
    expect(changed).toMatchObject({
      status: 200,
      body: { success: true, server: { name: 'Older', url: machineUrl } },
    });
    expect(await list()).toMatchObject([{ id: server.id, name: 'Older', status: 'inactive' }]);
    expect((await send('DELETE', `/${server.id}`)).status).toBe(200);
    expect(await list()).toEqual([]);
    const rows = await gateway.deps.db
      .selectFrom('audit_log')
      .select(['action', 'subject'])
      .orderBy('id')
      .execute();
    expect(rows).toEqual(
      ['server.add', 'server.change', 'server.remove'].map((action) => ({ action, subject: server.id })),
    );
  });

  it('that work by themselves can not be changed by hand', async () => {
    const id = await worker('lecture2pdf', '0 seconds');
    expect(await send('DELETE', `/${id}`)).toMatchObject({ status: 409, body: { code: 'live_worker' } });
    expect((await send('PUT', `/${id}`, { name: 'x' })).status).toBe(409);
  });
});

describe('refused is', () => {
  it.each([
    'file:///etc/passwd',
    'http://user:secret@example.org/',
    'http://10.0.0.1/',
    'http://127.0.0.1:1/health',
    'http://169.254.169.254/latest/meta-data/',
    'http://[::1]/',
    'no address',
  ])('%s', async (url) => {
    expect(await send('POST', '', { name: 'x', url })).toMatchObject({
      status: 400,
      body: { code: expect.any(String) },
    });
  });

  it('what is incomplete, twice there or nowhere', async () => {
    for (const body of [{}, { name: '', url: machineUrl }, { name: 'x'.repeat(101), url: machineUrl }, []])
      expect((await send('POST', '', body)).status).toBe(400);
    const { id } = await add();
    expect((await send('POST', '', { name: 'x', url: machineUrl })).body).toMatchObject({
      code: 'already_there',
    });
    expect((await send('PUT', `/${id}`, {})).status).toBe(400);
    expect((await send('PUT', `/${id}`, { url: 'http://10.0.0.1/' })).status).toBe(400);
    for (const unknown of [randomUUID(), '7']) {
      expect((await send('PUT', `/${unknown}`, { name: 'x' })).status).toBe(404);
      expect((await send('DELETE', `/${unknown}`)).status).toBe(404);
    }
    expect((await send('POST', '/health-check', { id: randomUUID() })).status).toBe(404);
  });

  it('whoever is no admin', async () => {
    const user = bearer(await tokenFor('ada'));
    expect((await send('GET', '', undefined, user)).status).toBe(403);
    expect((await send('POST', '/health-check', {}, user)).status).toBe(403);
    expect((await fetch(`${gateway.url}/admin/servers`)).status).toBe(401);
  });
});

describe('a health check', () => {
  const check = async (body?: object) => {
    const { status, body: got } = await send('POST', '/health-check', body);
    expect(status).toBe(200);
    return got as unknown as { checked: number; healthy: number; servers: ServerView[] };
  };

  it('finds who is well', async () => {
    answer = () => ({ status: 200 });
    const { id } = await add();
    const found = await check();
    expect(found).toMatchObject({ success: true, checked: 1, healthy: 1 });
    expect(found.servers).toMatchObject([{ id, health_status: { healthy: true, error: null } }]);
    expect(await list()).toMatchObject([
      { health_status: { healthy: true, last_check: expect.any(String) } },
    ]);
  });

  it.each<[string, () => { status: number; location?: string }, string]>([
    ['breaks', () => ({ status: 500 }), 'source_busy'],
    ['has nothing there', () => ({ status: 404 }), 'source_not_found'],
    ['leads inside', () => ({ status: 302, location: 'http://169.254.169.254/' }), 'blocked_address'],
  ])('finds that one %s', async (_name, said, error) => {
    answer = said;
    const { id } = await add();
    expect((await check({ server_id: id })).servers).toMatchObject([
      { health_status: { healthy: false, error } },
    ]);
  });

  it('finds that one is gone', async () => {
    await add(`http://${goneHost}/`);
    const error = 'source_unreachable';
    expect((await check()).servers).toMatchObject([{ health_status: { healthy: false, error } }]);
  });

  it('forgets what it found when the address changes, and leaves the inactive alone', async () => {
    answer = () => ({ status: 200 });
    const { id } = await add();
    await check();
    const moved = await send('PUT', `/${id}`, { url: `${machineUrl}/new`, status: 'inactive' });
    expect(moved.body).toMatchObject({ server: { health_status: { healthy: null, last_check: null } } });
    expect(await check()).toMatchObject({ checked: 0 });
    expect(await check({ id })).toMatchObject({ checked: 1, healthy: 1 });
  });
});
