import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exec, findOnPath } from '@mediaworks/runtime';
import { apt, aptInstall } from './apt.ts';
import { cacheFolder } from './cache-folder.ts';

/** A release that this was tried with; pip refuses any other bytes. It runs on Python 3.10 and newer. */
const PINNED = {
  version: '2026.8.19',
  sha256: '1d57897e94c6665a0a6f9bc54b34e584284e32c034ffab3a7df25d8f7b24eedf',
};
const PIP_TIMEOUT_MS = 180_000;
const START_TIMEOUT_MS = 60_000;
const DEBIAN_MODULES = 'usr/lib/python3/dist-packages';

/** Where yt-dlp comes from when nobody brought one: the newest first. */
export type YtdlpSource = 'pinned' | 'debian';
const sources: readonly YtdlpSource[] = ['pinned', 'debian'];

/**
 * The yt-dlp of this machine: YTDLP_PATH, on PATH, or brought into the cache folder: the pinned release by pip, or
 * Debian's package, which is older than TikTok's pages of today. Neither changes the system, but for a machine without
 * Python where we are root.
 *
 * @throws Error naming the ways to get one
 */
export async function findYtdlp(env: NodeJS.ProcessEnv, log: (line: string) => void): Promise<string> {
  const given = env['YTDLP_PATH'];
  if (given !== undefined && given !== '') return given;
  const onPath = findOnPath('yt-dlp');
  if (onPath !== undefined) return onPath;
  const problems: string[] = [];
  for (const source of sources) {
    try {
      return await bringYtdlp(source, log);
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new Error(
    [
      'yt-dlp was not found, and could not be brought. Any of these does, and npm start again:',
      '  pipx install yt-dlp          (anywhere)',
      '  brew install yt-dlp          (macOS)',
      '  YTDLP_PATH=/path/to/yt-dlp   (a release from its own site, checked against its SHA2-256SUMS)',
      ...problems.map((problem) => `Tried: ${problem}`),
    ].join('\n'),
  );
}

/** Brings one of the sources into the cache folder, once. @returns the program's full path */
export async function bringYtdlp(source: YtdlpSource, log: (line: string) => void): Promise<string> {
  const folder = cacheFolder(join('yt-dlp', source === 'pinned' ? PINNED.version : source));
  const program = join(folder, 'yt-dlp');
  if (existsSync(program)) return program;
  const python = await findPython();
  const half = `${folder}.${process.pid}`;
  try {
    await mkdir(half, { recursive: true });
    const bring = source === 'pinned' ? bringPinned : bringDebian;
    const modules = await bring(half, python, log);
    await writeFile(join(half, 'yt-dlp'), launcher(python, join(folder, modules)), { mode: 0o755 });
    await rm(folder, { recursive: true, force: true });
    await rename(half, folder);
  } finally {
    await rm(half, { recursive: true, force: true });
  }
  try {
    await exec(program, ['--version'], { timeoutMs: START_TIMEOUT_MS });
  } catch (error) {
    // This Python is too old for it: what does not start must not be found again.
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return program;
}

/** A wheel is a zip, which Python imports from as it is. */
async function bringPinned(half: string, python: string, log: (line: string) => void): Promise<string> {
  log(`fetching yt-dlp ${PINNED.version} with pip`);
  const wanted = join(half, 'requirements.txt');
  await writeFile(wanted, `yt-dlp==${PINNED.version} --hash=sha256:${PINNED.sha256}\n`);
  await exec(
    python,
    [
      ...['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps'],
      ...['--only-binary', ':all:', '--require-hashes', '--requirement', wanted, '--dest', half],
    ],
    { timeoutMs: PIP_TIMEOUT_MS, env: process.env },
  );
  const wheel = (await readdir(half)).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new Error('pip brought no yt-dlp');
  return wheel;
}

async function bringDebian(half: string, _python: string, log: (line: string) => void): Promise<string> {
  if (findOnPath('apt-get') === undefined || findOnPath('dpkg') === undefined) {
    throw new Error('there is no apt-get');
  }
  log("unpacking yt-dlp from the system's packages; it is an old one");
  await apt(['download', 'yt-dlp'], half);
  for (const name of await readdir(half)) {
    if (name.endsWith('.deb')) await exec('dpkg', ['-x', join(half, name), half]);
  }
  return DEBIAN_MODULES;
}

/** @throws Error */
async function findPython(): Promise<string> {
  // The system's own first: one of a version manager needs the home folder that it was set up in.
  const found = ['/usr/bin/python3', findOnPath('python3')].find(
    (path) => path !== undefined && existsSync(path),
  );
  if (found !== undefined) return found;
  if (process.getuid?.() !== 0 || findOnPath('apt-get') === undefined)
    throw new Error('there is no Python 3');
  await aptInstall('python3', 'ca-certificates');
  return '/usr/bin/python3';
}

/** -B: the cache is not always ours to write to. */
function launcher(python: string, modules: string): string {
  const quoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;
  return `#!/bin/sh\nPYTHONPATH=${quoted(modules)} exec ${quoted(python)} -B -m yt_dlp "$@"\n`;
}
