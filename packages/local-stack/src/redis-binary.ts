import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { exec, findOnPath } from '@mediaworks/runtime';
import { apt, aptInstall } from './apt.ts';
import { cacheFolder } from './cache-folder.ts';

export interface RedisProgram {
  path: string;
  /** Where its libraries are, when they are not the system's. */
  libraries: string[];
}

/** BullMQ needs 6.2 or newer. */
const OLDEST = [6, 2] as const;
/** Debian keeps the server's program in this package, which starts no service on port 6379, as redis-server would. */
const PACKAGE = 'redis-tools';
/** What the program needs beyond what every Debian and Ubuntu has. */
const LIBRARIES = ['libjemalloc2', 'liblzf1', 'libatomic1'];

/**
 * The Redis server of this machine: on PATH, or from the system's packages (installed as root, otherwise unpacked into
 * the cache folder).
 *
 * @throws Error naming the ways to get one
 */
export async function findRedis(log: (line: string) => void): Promise<RedisProgram> {
  const onPath = findOnPath('redis-server');
  if (onPath !== undefined) {
    const program = { path: onPath, libraries: [] };
    await checkVersion(program);
    return program;
  }
  const cache = cacheFolder('redis');
  const problems: string[] = [];
  const ways = [
    () => installed(cache),
    () => unpacked(cache),
    () => install(cache, log),
    () => download(cache, log),
  ];
  for (const way of ways) {
    try {
      const program = await way();
      if (program === undefined) continue;
      await checkVersion(program);
      return program;
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new Error(
    [
      'Redis is needed and was not found. Any of these brings it:',
      '  brew install redis                                (macOS)',
      '  apt-get install redis-server                      (Debian, Ubuntu)',
      '  docker run -d -p 127.0.0.1:6379:6379 redis:7 --maxmemory-policy noeviction',
      '                                                    with REDIS_URL=redis://127.0.0.1:6379',
      ...problems.map((problem) => `Tried: ${problem}`),
    ].join('\n'),
  );
}

/** As root: the package with its libraries, and a link that gives the program its name. */
async function install(cache: string, log: (line: string) => void): Promise<RedisProgram | undefined> {
  if (process.getuid?.() !== 0 || findOnPath('apt-get') === undefined) return undefined;
  log(`installing Redis from the system's packages (${PACKAGE})`);
  await aptInstall(PACKAGE);
  await mkdir(join(cache, 'installed'), { recursive: true });
  await rm(join(cache, 'installed', 'redis-server'), { force: true });
  await symlink('/usr/bin/redis-check-rdb', join(cache, 'installed', 'redis-server'));
  return installed(cache);
}

/** What an earlier {@link install} left. */
function installed(cache: string): RedisProgram | undefined {
  const path = join(cache, 'installed', 'redis-server');
  return existsSync(path) ? { path, libraries: [] } : undefined;
}

/** Without root: the packages' files, put beside each other in the cache folder. */
async function download(cache: string, log: (line: string) => void): Promise<RedisProgram | undefined> {
  if (findOnPath('apt-get') === undefined || findOnPath('dpkg') === undefined) return undefined;
  log(`unpacking Redis from the system's packages into ${cache}`);
  const half = join(cache, `unpacked.${process.pid}`);
  try {
    await mkdir(half, { recursive: true });
    await apt(['download', PACKAGE, ...LIBRARIES], half);
    for (const name of await readdir(half)) {
      if (name.endsWith('.deb')) await exec('dpkg', ['-x', join(half, name), half]);
    }
    await symlink('redis-check-rdb', join(half, 'usr', 'bin', 'redis-server'));
    await rm(join(cache, 'unpacked'), { recursive: true, force: true });
    await rename(half, join(cache, 'unpacked'));
  } finally {
    await rm(half, { recursive: true, force: true });
  }
  return unpacked(cache);
}

async function unpacked(cache: string): Promise<RedisProgram | undefined> {
  const usr = join(cache, 'unpacked', 'usr');
  const path = join(usr, 'bin', 'redis-server');
  if (!existsSync(path)) return undefined;
  const folders = await readdir(join(usr, 'lib'), { withFileTypes: true });
  return {
    path,
    libraries: folders.filter((entry) => entry.isDirectory()).map(({ name }) => join(usr, 'lib', name)),
  };
}

export function redisEnvironment(program: RedisProgram): NodeJS.ProcessEnv {
  const libraries = program.libraries.length === 0 ? {} : { LD_LIBRARY_PATH: program.libraries.join(':') };
  return { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', ...libraries };
}

async function checkVersion(program: RedisProgram): Promise<void> {
  const { stdout } = await exec(program.path, ['--version'], {
    timeoutMs: 10_000,
    env: redisEnvironment(program),
  });
  const [, major = 0, minor = 0] = (/v=(\d+)\.(\d+)/.exec(stdout.toString()) ?? []).map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return;
  throw new Error(`${program.path} is Redis ${major}.${minor}, and ${OLDEST.join('.')} or newer is needed`);
}
