import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import pg from 'pg';
import { DataInUseError } from './data-lock.ts';
import { nodeTuning } from './services.ts';
import { StopRequestedError } from './stop-signals.ts';
import { testServers } from './testing.ts';
import { isAlive, makeSeed, openScene, type Scene } from './testing/stack-scene.ts';

async function sql(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows as unknown[];
  } finally {
    await client.end();
  }
}

async function redis<T>(url: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url);
  client.on('error', () => undefined);
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}

describe('a stack', () => {
  let seed: Awaited<ReturnType<typeof makeSeed>>;
  let scene: Scene;
  beforeAll(async () => {
    seed = await makeSeed();
  });
  afterAll(() => seed.remove());
  beforeEach(async () => {
    scene = await openScene(seed.folder);
  });
  afterEach(() => scene.close());

  it('keeps what Postgres and Redis hold, and its secrets, over a restart', async () => {
    const first = await scene.start();
    await sql(first.databaseUrl, "insert into users (uid, username) values ('u1', 'Ada')");
    await redis(first.redisUrl, (client) => client.set('kept', 'yes'));
    await first.stop();

    const second = await scene.start();
    expect(await sql(second.databaseUrl, 'select username from users')).toEqual([{ username: 'Ada' }]);
    expect(await redis(second.redisUrl, (client) => client.get('kept'))).toBe('yes');
    expect(second.token).toBe(first.token);
    for (const name of ['token', 'url-signing-secret', 'redis/password', 'postgres/mediaworks-password']) {
      expect((await stat(join(scene.dataDir, name))).mode & 0o777).toBe(0o600);
    }
  });

  it('sets its servers up to lose nothing', async () => {
    const stack = await scene.start();
    const settings = await sql(
      stack.databaseUrl,
      `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
        current_setting('max_connections')::int >= 200 as enough, current_setting('listen_addresses') as listen`,
    );
    expect(settings).toEqual([{ fsync: 'on', commit: 'on', enough: true, listen: '127.0.0.1' }]);
    const config = await redis(stack.redisUrl, (client) =>
      client.config('GET', 'maxmemory-policy', 'append*', 'bind'),
    );
    expect(config).toEqual(
      expect.arrayContaining([
        'maxmemory-policy',
        'noeviction',
        'appendonly',
        'yes',
        'appendfsync',
        'everysec',
        '127.0.0.1',
      ]),
    );
    const url = new URL(stack.redisUrl);
    url.password = '';
    await expect(redis(url.href, (client) => client.ping())).rejects.toThrow('NOAUTH');
  });

  it('runs beside another, but not twice on the same folder', async () => {
    const other = await openScene(seed.folder);
    try {
      const [one, two] = await Promise.all([scene.start(), other.start()]);
      expect(one.databaseUrl).not.toBe(two.databaseUrl);
      await sql(one.databaseUrl, "insert into users (uid, username) values ('u1', 'Ada')");
      expect(await sql(two.databaseUrl, 'select * from users')).toEqual([]);
      await expect(scene.start()).rejects.toThrow(DataInUseError);
      await one.stop();
      await (await scene.start()).stop();
    } finally {
      await other.close();
    }
  });

  it('takes over a folder whose stack was killed, even when its process id is in use again', async () => {
    await writeFile(join(scene.dataDir, 'lock'), '2147483646 1\n');
    await (await scene.start()).stop();
    await writeFile(join(scene.dataDir, 'lock'), `${process.pid} 1\n`);
    await (await scene.start()).stop();
  });

  it('uses the Postgres and the Redis that the environment names', async () => {
    const { databaseUrl, redisUrl } = testServers();
    const stack = await scene.start({
      services: [scene.gateway],
      env: { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl },
    });
    expect(stack).toMatchObject({ databaseUrl, redisUrl });
    expect(Object.keys(stack.pids())).toEqual(['gateway']);
    const env = (await (await fetch(`${stack.baseUrl}/env`)).json()) as Record<string, string>;
    expect(env).toMatchObject({ DATABASE_URL: databaseUrl, REDIS_URL: redisUrl });
  });

  it('migrates first, then starts the services with all that they need, and waits until they are ready', async () => {
    const ready = join(scene.dataDir, 'ready');
    let up = false;
    const starting = scene
      .start({ services: [scene.gateway, scene.worker], env: { NOT_READY: ready } })
      .finally(() => {
        up = true;
      });
    await scene.said(/gateway: not ready yet/);
    await scene.said(/gateway: not ready yet/, scene.lines.length);
    expect(up).toBe(false);
    await writeFile(ready, '');
    const stack = await starting;
    const first = (pattern: RegExp) => scene.lines.findIndex((line) => pattern.test(line));
    expect(first(/^migrate: .*up to date/)).toBeLessThan(first(/^(gateway|worker): /));
    const env = (await (await fetch(`${stack.baseUrl}/env`)).json()) as Record<string, string>;
    expect(env).toMatchObject({
      DATABASE_URL: stack.databaseUrl,
      REDIS_URL: stack.redisUrl,
      STORAGE: 'local',
      STORAGE_ROOT: join(scene.dataDir, 'objects'),
      TMP_ROOT: join(scene.dataDir, 'tmp'),
      HOST: '127.0.0.1',
      STATIC_BEARER_TOKEN: stack.token,
    });
  });

  it('gives a service the options of V8 that its definition names', async () => {
    const v8Options = ['--no-concurrent-marking'];
    const stack = await scene.start({ services: [{ ...scene.gateway, v8Options }] });
    const given: unknown = await (await fetch(`${stack.baseUrl}/options`)).json();
    expect(given).toEqual(expect.arrayContaining(v8Options));
  });

  it('tunes a service as its definition says, and as all where it says nothing', async () => {
    const tuning = { MALLOC_ARENA_MAX: '1' };
    for (const [definition, expected] of [
      [{ ...scene.gateway, tuning }, tuning],
      [scene.gateway, nodeTuning],
    ] as const) {
      const stack = await scene.start({ services: [definition] });
      expect(await (await fetch(`${stack.baseUrl}/env`)).json()).toMatchObject(expected);
      await stack.stop();
    }
  });

  it('leaves no process when it stops, not even of a service that ignores the signal', async () => {
    const stack = await scene.start({
      services: [scene.gateway],
      env: { STUBBORN: 'yes', SHUTDOWN_GRACE: '50ms' },
    });
    const pids = [...Object.values(stack.pids()), Number((await scene.said(/grandchild (\d+)/))[1])];
    expect(pids).toHaveLength(4);
    expect(await Promise.all(pids.map(isAlive))).toEqual(pids.map(() => true));
    await stack.stop();
    await scene.said(/gateway: no/);
    expect(await Promise.all(pids.map(isAlive))).toEqual(pids.map(() => false));
  });

  it('leaves nothing running when a service can not start, and says why', async () => {
    const starting = scene.start({ services: [scene.gateway], env: { BROKEN: 'yes' } });
    await expect(starting).rejects.toThrow(
      'gateway could not be started (code 3):\ncannot find my configuration',
    );
    await (await scene.start()).stop();
  });

  it('gives up starting when it is told to', async () => {
    const stop = new AbortController();
    const starting = scene.start({
      services: [scene.gateway],
      env: { NOT_READY: join(scene.dataDir, 'never') },
      signal: stop.signal,
    });
    const failed = expect(starting).rejects.toThrow(StopRequestedError);
    await scene.said(/not ready yet/);
    stop.abort(new StopRequestedError('asked to stop'));
    await failed;
    await (await scene.start()).stop();
  });
});
