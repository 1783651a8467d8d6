import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { migrate } from '@mediaworks/database';
import { asError, duration } from '@mediaworks/runtime';
import { z } from 'zod';
import { lockDataDir } from './data-lock.ts';
import { freePort } from './free-port.ts';
import { startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';
import { keepSecret } from './secret.ts';
import { nodeTuning, projectRoot, type ServiceDefinition, services as allServices } from './services.ts';
import { type StackLog, superviseService } from './supervisor.ts';
import { findYtdlp } from './ytdlp-binary.ts';

export interface StackOptions {
  /** Where everything is kept; default `.mediaworks` in the checkout. One stack at a time may use it. */
  dataDir?: string;
  /** Default: all there are. */
  services?: readonly ServiceDefinition[];
  /**
   * What the services get besides what the stack gives them; default this process's environment. A DATABASE_URL or a
   * REDIS_URL in it is used instead of a server of our own.
   */
  env?: NodeJS.ProcessEnv;
  log: StackLog;
  /** Gives up starting: what runs already is stopped. */
  signal?: AbortSignal;
}

export interface Stack {
  databaseUrl: string;
  redisUrl: string;
  /** The gateway's address, without a slash at its end; undefined when no service listens on PORT. */
  baseUrl: string | undefined;
  /** What the gateway takes as a bearer token. */
  token: string;
  /** The process id of each service and each of our own servers, by name. */
  pids(): Record<string, number>;
  /** Ends the services within their grace period and then the servers: no process is left. */
  stop(): Promise<void>;
}

const DEFAULT_PORT = 8_000;
/** On one machine nobody wants to wait longer; what is cut short goes back to the queue. */
const DEFAULT_GRACE = '10s';
/** What a service may take after its own grace period to end by itself. */
const AFTER_GRACE_MS = 3_000;

interface Running {
  pid(): number;
  stop(): Promise<void>;
}

/**
 * Brings up Postgres and Redis, migrates, and starts the services, each when it can: all are ready when it returns.
 *
 * @throws DataInUseError when another stack runs on the folder; Error saying what could not be started, with nothing
 * left running
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const env = options.env ?? process.env;
  const dataDir = resolve(options.dataDir ?? join(projectRoot, '.mediaworks'));
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const unlock = await lockDataDir(dataDir);
  const servers = new Map<string, Running>();
  const services = new Map<string, Running>();
  const stop = once(async () => {
    await stopAll(services);
    await stopAll(servers);
    await unlock();
  });
  try {
    const [databaseUrl, redisUrl] = await startServers(dataDir, env, servers, options);
    const applied = await migrate(databaseUrl, { log: (line) => options.log('migrate', line) });
    options.log('migrate', `the database is up to date (${applied.length} applied)`);
    options.signal?.throwIfAborted();

    const definitions = options.services ?? allServices;
    const programs = definitions.some(({ name }) => name === 'tiktok-ingester')
      ? await ytdlpFor(env, options.log)
      : {};
    const given = { ...(await serviceEnv(dataDir, env, { databaseUrl, redisUrl })), ...programs };
    const port = definitions.some(({ portVariable }) => portVariable === 'PORT')
      ? await gatewayPort(env)
      : undefined;
    await allOrNone(
      options.signal,
      definitions.map((service) => async (signal) => {
        const kept = await superviseService({
          service,
          env: { ...(service.tuning ?? nodeTuning), ...given },
          port: service.portVariable === 'PORT' ? port : undefined,
          graceMs: duration.parse(given['SHUTDOWN_GRACE']) + AFTER_GRACE_MS,
          log: options.log,
          signal,
        });
        services.set(service.name, kept);
      }),
    );
    return {
      databaseUrl,
      redisUrl,
      baseUrl: port === undefined ? undefined : `http://127.0.0.1:${port}`,
      token: given['STATIC_BEARER_TOKEN'] ?? '',
      pids: () =>
        Object.fromEntries([...servers, ...services].map(([name, running]) => [name, running.pid()])),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startServers(
  dataDir: string,
  env: NodeJS.ProcessEnv,
  servers: Map<string, Running>,
  options: StackOptions,
): Promise<[databaseUrl: string, redisUrl: string]> {
  const ours = async (
    name: string,
    given: string | undefined,
    start: typeof startPostgres,
    signal: AbortSignal,
  ): Promise<string> => {
    if (given !== undefined && given !== '') return given;
    // What a server says is seldom news: it goes to a file, and its end into the error when it can't start.
    const output = createWriteStream(join(dataDir, `${name}.log`), { mode: 0o600 });
    const server = await start({
      dataDir,
      log: (line) => options.log(name, line),
      onOutput: (line) => output.write(`${line}\n`),
      signal,
    });
    servers.set(name, server);
    return server.url;
  };
  const [databaseUrl = '', redisUrl = ''] = await allOrNone(options.signal, [
    (signal) => ours('postgres', env['DATABASE_URL'], startPostgres, signal),
    (signal) => ours('redis', env['REDIS_URL'], startRedis, signal),
  ]);
  return [databaseUrl, redisUrl];
}

/** Without it everything else works, and the worker that needs it says so. */
async function ytdlpFor(env: NodeJS.ProcessEnv, log: StackLog): Promise<NodeJS.ProcessEnv> {
  try {
    return { YTDLP_PATH: await findYtdlp(env, (line) => log('tiktok-ingester', line)) };
  } catch (error) {
    log('tiktok-ingester', asError(error).message);
    return {};
  }
}

/** The user's own settings win, but for where the servers are. */
async function serviceEnv(
  dataDir: string,
  env: NodeJS.ProcessEnv,
  servers: { databaseUrl: string; redisUrl: string },
): Promise<NodeJS.ProcessEnv> {
  const own = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  return {
    STORAGE: 'local',
    STORAGE_ROOT: join(dataDir, 'objects'),
    TMP_ROOT: join(dataDir, 'tmp'),
    HOST: '127.0.0.1',
    SHUTDOWN_GRACE: DEFAULT_GRACE,
    STATIC_BEARER_TOKEN: await keepSecret(dataDir, 'token'),
    URL_SIGNING_SECRET: await keepSecret(dataDir, 'url-signing-secret'),
    JWT_SECRETS: `local:${await keepSecret(dataDir, 'jwt-secret')}`,
    ...own,
    DATABASE_URL: servers.databaseUrl,
    REDIS_URL: servers.redisUrl,
  };
}

/** The port that was asked for, or 8000, or any when that is taken. */
async function gatewayPort(env: NodeJS.ProcessEnv): Promise<number> {
  if (env['PORT'] === undefined || env['PORT'] === '') return freePort(DEFAULT_PORT);
  const port = z.coerce.number().int().min(1).max(65_535).parse(env['PORT']);
  if ((await freePort(port)) !== port) throw new Error(`Port ${port} (PORT) is taken`);
  return port;
}

/** Does all at once. When one fails the others are told to give up, and have done so when this throws. */
async function allOrNone<T>(
  given: AbortSignal | undefined,
  work: ((signal: AbortSignal) => Promise<T>)[],
): Promise<T[]> {
  const failing = new AbortController();
  const signal = AbortSignal.any([failing.signal, ...(given ? [given] : [])]);
  const all = work.map((one) => one(signal));
  try {
    return await Promise.all(all);
  } catch (error) {
    failing.abort(error);
    await Promise.allSettled(all);
    throw error;
  }
}

async function stopAll(running: Map<string, Running>): Promise<void> {
  await Promise.all([...running.values()].map((process) => process.stop()));
}

function once(work: () => Promise<void>): () => Promise<void> {
  let started: Promise<void> | undefined;
  return () => (started ??= work());
}
