import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { startChild } from './child.ts';
import { freePort } from './free-port.ts';
import { keepRunning } from './keep-running.ts';
import { heard, type Server, type ServerOptions } from './postgres.ts';
import { findRedis, redisEnvironment } from './redis-binary.ts';
import { retireOrphan } from './running.ts';
import { keepSecret } from './secret.ts';

const READY_TIMEOUT_MS = 60_000;
const GRACE_MS = 10_000;

/**
 * Starts Redis on 127.0.0.1 with a password, evicting nothing and keeping an append-only file, and starts it again when
 * it crashes. What was written is on disk a second later at the latest.
 *
 * @throws Error naming the ways to get Redis where there is none, or with the end of its log when it can't start
 */
export async function startRedis(options: ServerOptions): Promise<Server> {
  const program = await findRedis(options.log);
  await mkdir(options.dataDir, { recursive: true });
  const dir = join(await realpath(options.dataDir), 'redis');
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const password = await keepSecret(dir, 'password');
  const port = options.port ?? (await freePort());
  const pidFile = join(dir, 'redis.pid');
  const config = {
    bind: '127.0.0.1',
    port,
    dir,
    pidfile: pidFile,
    daemonize: 'no',
    requirepass: password,
    'maxmemory-policy': 'noeviction',
    appendonly: 'yes',
    appendfsync: 'everysec',
    // The append-only file is enough.
    save: '""',
  };
  const kept = await keepRunning({
    name: 'Redis',
    launch: async () => {
      await retireOrphan({ pidFile, program: 'redis-server', dir, stopSignal: 'SIGTERM', graceMs: GRACE_MS });
      return startChild(
        {
          file: program.path,
          // From its input: a password among the arguments could be read by everybody on this machine.
          args: ['-'],
          input: Object.entries(config)
            .map(
              ([name, value]) =>
                `${name} ${name === 'dir' || name === 'pidfile' ? JSON.stringify(value) : value}\n`,
            )
            .join(''),
          env: redisEnvironment(program),
          cwd: dir,
          stopSignal: 'SIGTERM',
        },
        options.onOutput,
      );
    },
    ready: heard('Ready to accept connections'),
    readyTimeoutMs: READY_TIMEOUT_MS,
    graceMs: GRACE_MS,
    startTries: 3,
    log: options.log,
    signal: options.signal,
  });
  return { url: `redis://:${password}@127.0.0.1:${port}`, pid: kept.pid, stop: kept.stop };
}
