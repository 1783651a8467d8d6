import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Scene } from '../scene.ts';

/** The keys that the local store shows; its own bookkeeping has names that begin with a dot. */
export async function listObjects(scene: Scene): Promise<string[]> {
  const root = join(scene.dataDir, 'objects');
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((key) => !key.split('/').some((segment) => segment.startsWith('.')));
}

/** Resolves when the job is past its first percents, that is, while ffmpeg is encoding. */
export async function processing(scene: Scene, jobId: string): Promise<void> {
  const reached = new AbortController();
  const following = scene.client.follow(jobId, (job) => {
    if (job.status === 'processing' && job.progress.percent > 10) reached.abort();
  });
  await Promise.race([
    following,
    new Promise<void>((resolve) => reached.signal.addEventListener('abort', () => resolve(), { once: true })),
  ]);
  // Followed to its end by the caller; this stream goes with the gateway.
  following.catch(() => undefined);
}

/** The running programs that work on files under a folder, named to them or already open, from /proc. */
export function processesUnder(folder: string) {
  const hasOpen = async (pid: string): Promise<boolean> => {
    const open = await readdir(`/proc/${pid}/fd`).catch(() => []);
    const paths = await Promise.all(open.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
    return paths.some((path) => path.startsWith(folder));
  };
  const running = async (program: string): Promise<number[]> => {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const matches = await Promise.all(
      pids.map(async (pid) => {
        const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
        const name = commandLine.split('\0')[0]?.split('/').at(-1) ?? '';
        if (!name.startsWith(program)) return [];
        return commandLine.includes(folder) || (await hasOpen(pid)) ? [Number(pid)] : [];
      }),
    );
    return matches.flat();
  };
  const until = async (wanted: (count: number) => boolean, program: string) => {
    while (!wanted((await running(program)).length)) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    untilNone: (program: string) => until((count) => count === 0, program),
    untilSome: (program: string) => until((count) => count > 0, program),
  };
}

/** The private folders of running jobs. */
export function jobFolders(scene: Scene) {
  const count = async () => {
    const workers = await readdir(join(scene.dataDir, 'tmp'));
    // What goes while it is listed is gone.
    const folders = await Promise.all(
      workers.map((worker) => readdir(join(scene.dataDir, 'tmp', worker)).catch(() => [])),
    );
    return folders.flat().filter((name) => name.startsWith('job-')).length;
  };
  return {
    async untilNone() {
      while ((await count()) > 0) await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
