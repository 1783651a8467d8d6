import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createPool } from '@mediaworks/database';
import { findOnPath } from '@mediaworks/runtime';
import { Redis } from 'ioredis';
import { sourceNodeArgs, testServers, workspacePath } from './testing.ts';
import { isAlive, makeSeed, openScene, type Scene, untilDead } from './testing/stack-scene.ts';

describe('what a stack survives', () => {
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

  it('starts a service again that crashes, and ends what that left behind', async () => {
    const stack = await scene.start({ services: [scene.gateway] });
    const before = stack.pids()['gateway'];
    const grandchild = Number((await scene.said(/grandchild (\d+)/))[1]);
    const from = scene.lines.length;
    await fetch(`${stack.baseUrl}/crash`).catch(() => undefined);
    await scene.said(/gateway: ended by itself \(SIGKILL\)/, from);
    await untilDead([grandchild]);
    await scene.said(/grandchild (\d+)/, from);
    expect(stack.pids()['gateway']).not.toBe(before);
  });

  it('starts Postgres and Redis again where they were, with what they held', async () => {
    const stack = await scene.start();
    const pool = createPool(stack.databaseUrl, { max: 1, applicationName: 'test' });
    const redis = new Redis(stack.redisUrl, { retryStrategy: () => 20 });
    redis.on('error', () => undefined);
    await pool.query("insert into users (uid, username) values ('u1', 'Ada')");
    await redis.set('kept', 'yes');
    // The append-only file is written before the answer, so a killed process loses nothing, only a lost machine does.
    const again = once(redis, 'reconnecting');
    const { postgres = 0, redis: redisPid = 0 } = stack.pids();
    const broken = once(pool, 'error');
    process.kill(postgres, 'SIGKILL');
    process.kill(redisPid, 'SIGKILL');
    await Promise.all([again, broken]);
    expect(await redis.get('kept')).toBe('yes');
    const users = async (): Promise<unknown[]> => {
      for (;;) {
        try {
          return (await pool.query<object>('select username from users')).rows;
        } catch {
          // Not back yet: the next connection may find it.
        }
      }
    };
    expect(await users()).toEqual([{ username: 'Ada' }]);
    redis.disconnect();
    await pool.end();
  });

  it('leaves no process when it is killed itself, and starts again after that', async () => {
    const { supervisor, pids } = await startElsewhere({ PATH: process.env['PATH'] });
    expect(pids).toHaveLength(3);
    supervisor.kill('SIGKILL');
    await untilDead(pids);
    expect(Object.keys((await scene.start()).pids()).sort()).toEqual(['postgres', 'redis']);
  });

  it('ends a server that a killed stack left running, before two write to the same files', async () => {
    // Without setpriv nothing ties the server's life to the stack's, as on macOS.
    const bin = join(scene.dataDir, 'bin');
    await mkdir(bin);
    // A Redis that is not on PATH is found where it was installed.
    for (const program of ['redis-server', 'sleep']) {
      const path = findOnPath(program);
      if (path !== undefined) await symlink(path, join(bin, program));
    }
    const { databaseUrl } = testServers();
    const { supervisor, pids } = await startElsewhere({ PATH: bin, DATABASE_URL: databaseUrl });
    expect(pids).toHaveLength(2);
    supervisor.kill('SIGKILL');
    await once(supervisor, 'exit');
    const [left = 0, service = 0] = pids;
    expect(await isAlive(left)).toBe(true);
    process.kill(-service, 'SIGKILL');
    const stack = await scene.start({ env: { DATABASE_URL: databaseUrl } });
    expect(await isAlive(left)).toBe(false);
    expect(stack.pids()['redis']).not.toBe(left);
  });

  async function startElsewhere(env: NodeJS.ProcessEnv) {
    const program = workspacePath('packages/local-stack/src/testing/supervisor-main.ts');
    const supervisor = spawn(process.execPath, [...sourceNodeArgs, program], {
      env: { ...env, SERVICE: JSON.stringify(scene.gateway), DATA: scene.dataDir },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: supervisor.stdout });
    for await (const line of lines) {
      if (line.startsWith('pids '))
        return { supervisor, pids: JSON.parse(line.slice('pids '.length)) as number[] };
    }
    throw new Error('The stack did not start');
  }
});
