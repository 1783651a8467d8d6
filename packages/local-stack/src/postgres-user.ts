import { createHash } from 'node:crypto';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { exec, findOnPath } from '@mediaworks/runtime';
import type { RunAs } from './child.ts';

/** Where and as whom Postgres runs. */
export interface PostgresHome {
  /** bin/, lib/ and share/. */
  programs: string;
  /** PGDATA. */
  data: string;
  /** undefined: as this process's own user. */
  user: RunAs | undefined;
  /** Who must own {@link data}; undefined when it is us already. */
  owner: { uid: number; gid: number } | undefined;
}

/** Root may write here and everybody may pass through. */
const SYSTEM_FOLDER = '/var/lib/mediaworks';
const USER = 'postgres';

/**
 * Postgres refuses to run as root, and a checkout is often below a folder that only root may enter. So root runs it as
 * the user `postgres` (made when missing) which keeps one right of root's: to pass through and read any folder
 * (CAP_DAC_OVERRIDE). Where the system can't grant that, programs and data move to /var/lib/mediaworks.
 */
export async function homePostgres(
  programs: string,
  data: string,
  log: (line: string) => void,
): Promise<PostgresHome> {
  if (process.getuid?.() !== 0) return { programs, data, user: undefined, owner: undefined };
  const owner = (await idsOf(USER)) ?? (await createUser(log));
  const moved = join(
    SYSTEM_FOLDER,
    createHash('sha256').update(data).digest('hex').slice(0, 12),
    basename(data),
  );
  const keeping = { setprivFlags: passThroughFlags(owner) };
  // What was moved once stays there, whatever the system can do by now.
  if (!existsSync(moved) && (await works(keeping.setprivFlags, programs))) {
    return { programs, data, user: keeping, owner };
  }
  await mkdir(dirname(moved), { recursive: true, mode: 0o755 });
  log(
    `this system can't let ${USER} pass through ${dirname(data)}: keeping the database in ${moved} instead`,
  );
  return { programs: await copyPrograms(programs), data: moved, user: owner, owner };
}

/** Without no_setuid_fixup the kernel takes the capability away from access(2), with which Postgres finds itself. */
function passThroughFlags(ids: { uid: number; gid: number }): string[] {
  return [
    ...['--reuid', String(ids.uid), '--regid', String(ids.gid), '--clear-groups'],
    ...['--inh-caps', '+dac_override', '--ambient-caps', '+dac_override', '--securebits', '+no_setuid_fixup'],
  ];
}

async function works(flags: readonly string[], programs: string): Promise<boolean> {
  const setpriv = findOnPath('setpriv');
  if (setpriv === undefined) return false;
  // Showing its settings makes it find its own program and its neighbours, and touches no data.
  return exec(setpriv, [...flags, '--', join(programs, 'bin', 'initdb'), '--show', '-D', '/nonexistent'], {
    timeoutMs: 10_000,
  }).then(
    () => true,
    () => false,
  );
}

async function copyPrograms(programs: string): Promise<string> {
  const version = createHash('sha256').update(programs).digest('hex').slice(0, 12);
  const copy = join(SYSTEM_FOLDER, `programs-${version}`);
  if (existsSync(copy)) return copy;
  const half = `${copy}.${process.pid}`;
  await cp(programs, half, { recursive: true, verbatimSymlinks: true });
  await rename(half, copy).catch(() => rm(half, { recursive: true, force: true }));
  return copy;
}

async function idsOf(user: string): Promise<{ uid: number; gid: number } | undefined> {
  try {
    const [uid, gid] = await Promise.all([exec('id', ['-u', user]), exec('id', ['-g', user])]);
    return { uid: Number(uid.stdout.toString()), gid: Number(gid.stdout.toString()) };
  } catch {
    return undefined;
  }
}

async function createUser(log: (line: string) => void): Promise<{ uid: number; gid: number }> {
  log(`making the system user ${USER}, because Postgres refuses to run as root`);
  const shell = findOnPath('nologin') ?? '/bin/false';
  const attempts: [string, string[]][] = [
    ['useradd', ['--system', '--user-group', '--no-create-home', '--shell', shell, USER]],
    ['adduser', ['-S', '-D', '-H', '-s', shell, USER]],
  ];
  for (const [program, args] of attempts) {
    // Another stack may make it at this moment: what counts is that it is there afterwards.
    await exec(program, args, { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } }).catch(() => undefined);
    const ids = await idsOf(USER);
    if (ids) return ids;
  }
  throw new Error(
    `Postgres refuses to run as root, and the system user ${USER} could not be made. Make it with useradd, run as another user, or set DATABASE_URL.`,
  );
}
