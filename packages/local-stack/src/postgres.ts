import { existsSync } from 'node:fs';
import { chown, mkdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { type Child, startChild } from './child.ts';
import { freePort } from './free-port.ts';
import { keepRunning } from './keep-running.ts';
import { findPostgres } from './postgres-binaries.ts';
import { homePostgres, type PostgresHome } from './postgres-user.ts';
import { retireOrphan } from './running.ts';
import { randomSecret } from './secret.ts';

export interface ServerOptions {
  /** The stack's folder; the server keeps its data in a folder of its own below. It must be locked by the caller. */
  dataDir: string;
  /** Default: a free one. It stays the same for as long as the server is kept running. */
  port?: number | undefined;
  /** What we do about it: making, installing, starting again. */
  log: (line: string) => void;
  /** Each line that the server itself says. */
  onOutput?: ((line: string) => void) | undefined;
  /** Gives up starting. */
  signal?: AbortSignal | undefined;
}

export interface Server {
  url: string;
  /** The process id of the server that runs now; another one after a crash. */
  pid(): number;
  /** Ends it cleanly; what it holds stays on disk. */
  stop(): Promise<void>;
}

const USER = 'mediaworks';
const PASSWORD_FILE = 'mediaworks-password';
const MAX_CONNECTIONS = 300;
const READY = 'database system is ready to accept connections';
/** After a crash it replays its log first, which takes a while when there was much to do. */
const READY_TIMEOUT_MS = 120_000;
const GRACE_MS = 20_000;

/**
 * Starts the Postgres that npm brought, on 127.0.0.1 with a password, and starts it again when it crashes. The database
 * is `mediaworks`; a commit is on disk when it returns.
 *
 * @throws Error with the end of Postgres's own log when it can't start
 */
export async function startPostgres(options: ServerOptions): Promise<Server> {
  await mkdir(options.dataDir, { recursive: true });
  const data = join(await realpath(options.dataDir), 'postgres');
  const home = await homePostgres(await findPostgres(), data, options.log);
  if (!existsSync(home.data)) await createCluster(home, options);

  const password = (await readFile(join(home.data, PASSWORD_FILE), 'utf8')).trim();
  const port = options.port ?? (await freePort());
  const kept = await keepRunning({
    name: 'Postgres',
    launch: async () => {
      await retireOldPostmaster(home);
      return launch(home, port, options.onOutput);
    },
    ready: heard(READY),
    readyTimeoutMs: READY_TIMEOUT_MS,
    graceMs: GRACE_MS,
    startTries: 3,
    log: options.log,
    signal: options.signal,
  });
  const url = `postgresql://${USER}:${password}@127.0.0.1:${port}`;
  try {
    await createOwnDatabase(`${url}/postgres`);
  } catch (error) {
    await kept.stop();
    throw error;
  }
  return { url: `${url}/mediaworks`, pid: kept.pid, stop: kept.stop };
}

/** Made beside its place and renamed into it: a folder that exists is always a whole cluster. */
async function createCluster(home: PostgresHome, options: ServerOptions): Promise<void> {
  const half = `${home.data}.new`;
  const passwordFile = `${half}-password`;
  const password = randomSecret();
  await rm(half, { recursive: true, force: true });
  await mkdir(half, { mode: 0o700 });
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (home.owner) {
    for (const path of [half, passwordFile]) await chown(path, home.owner.uid, home.owner.gid);
  }
  options.log('making a new database');
  const child = startChild(
    {
      file: join(home.programs, 'bin', 'initdb'),
      args: [
        ...['-D', half, '-U', USER, '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--no-instructions'],
        ...['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
      ],
      env: environment(),
      cwd: dirname(home.data),
      stopSignal: 'SIGINT',
      user: home.user,
    },
    options.onOutput,
  );
  const onAbort = () => void child.stop(GRACE_MS);
  options.signal?.addEventListener('abort', onAbort, { once: true });
  const ending = await child.ended;
  options.signal?.removeEventListener('abort', onAbort);
  await rm(passwordFile, { force: true });
  options.signal?.throwIfAborted();
  if (ending !== 'code 0') throw new Error(`The database could not be made (${ending}):\n${child.tail()}`);
  await writeFile(join(half, PASSWORD_FILE), `${password}\n`, { mode: 0o600 });
  if (home.owner) await chown(join(half, PASSWORD_FILE), home.owner.uid, home.owner.gid);
  await rename(half, home.data);
}

function launch(home: PostgresHome, port: number, hear: ServerOptions['onOutput']): Child {
  const settings = {
    listen_addresses: '127.0.0.1',
    // A socket's path may have 107 bytes at most, and checkouts are often deeper.
    unix_socket_directories: '',
    max_connections: MAX_CONNECTIONS,
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Every second's `checkpoint complete` would drown what matters.
    log_checkpoints: 'off',
    log_line_prefix: '',
  };
  return startChild(
    {
      file: join(home.programs, 'bin', 'postgres'),
      args: [
        ...['-D', home.data, '-p', String(port)],
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      env: environment(),
      cwd: home.data,
      // The fast shutdown: sessions are ended, nothing is lost.
      stopSignal: 'SIGINT',
      user: home.user,
    },
    hear,
  );
}

/** Postgres takes settings from PG* and LC_* variables: it gets none of ours. */
function environment(): NodeJS.ProcessEnv {
  return { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}

/** A pid file that outlived its server stops the next one when another process has that id by now. */
async function retireOldPostmaster(home: PostgresHome): Promise<void> {
  const pidFile = join(home.data, 'postmaster.pid');
  await retireOrphan({
    pidFile,
    program: 'postgres',
    dir: home.data,
    stopSignal: 'SIGINT',
    graceMs: GRACE_MS,
  });
  await rm(pidFile, { force: true });
}

/** Resolves when the process says a line with this in it. */
export function heard(text: string): (child: Child, signal: AbortSignal) => Promise<void> {
  return (child, signal) =>
    new Promise((resolve, reject) => {
      child.onLine((line) => {
        if (line.includes(text)) resolve();
      });
      signal.addEventListener('abort', () => reject(new Error('it ended or took too long')), { once: true });
    });
}

async function createOwnDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: 'local-stack' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rowCount } = await client.query("select 1 from pg_database where datname = 'mediaworks'");
    if (rowCount === 0) await client.query('create database mediaworks');
  } finally {
    await client.end();
  }
}
