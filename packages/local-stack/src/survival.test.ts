import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createPool } from '@mediaworks/database';
import { Redis } from 'ioredis';
import { sourceNodeArgs, workspacePath } from './testing.ts';
import { openScene, type Scene, untilDead } from './testing/stack-scene.ts';

describe('what a stack survives', () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await openScene();
  });
  afterEach(() => scene.close());

  it('starts a service again that crashes, and ends what that left behind', async () => {
    const stack = await scene.start({ services: [scene.gateway], env: { PORT_VARIABLE: 'PORT' } });
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
          return (await pool.query('select username from users')).rows;
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
    const supervisor = spawn(process.execPath, [...sourceNodeArgs, workspacePath('packages/local-stack/src/testing/supervisor-main.ts')], {
      env: { PATH: process.env['PATH'], SERVICE: JSON.stringify(scene.gateway), DATA: scene.dataDir, PORT_VARIABLE: 'PORT' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let grandchild = 0;
    const pids = await new Promise<number[]>((resolve) => {
      createInterface({ input: supervisor.stdout }).on('line', (line) => {
        grandchild ||= Number(/grandchild (\d+)/.exec(line)?.[1] ?? 0);
        if (line.startsWith('pids ')) resolve(JSON.parse(line.slice('pids '.length)) as number[]);
      });
    });
    expect(pids).toHaveLength(3);
    supervisor.kill('SIGKILL');
    await once(supervisor, 'exit');
    // The grandchild is the service's to end: this one ends at once, without a word to it.
    process.kill(grandchild, 'SIGKILL');
    await untilDead(pids);
    const stack = await scene.start();
    expect(Object.keys(stack.pids()).sort()).toEqual(['postgres', 'redis']);
  });

  it('takes over servers that a killed stack left running', async () => {
    const first = await scene.start();
    const old = first.pids();
    // As where the kernel can not tie their lives to the stack's: its lock is stale, and they still run.
    const { rm } = await import('node:fs/promises');
    await rm(`${scene.dataDir}/lock`);
    const second = await scene.start();
    expect(second.pids()['redis']).not.toBe(old['redis']);
    await untilDead(Object.values(old));
    await second.stop();
  });
});
