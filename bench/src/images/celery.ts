import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Child, startChild } from '../child.ts';
import { type LineProgram, startLineProgram } from '../line-program.ts';
import { note } from '../report.ts';

const run = promisify(execFile);
/** Debian's own, which is what its packages of Celery and Pillow are for; not whichever `python3` comes first. */
const PYTHON = '/usr/bin/python3';
const PACKAGES = ['python3-celery', 'python3-pil', 'python3-redis'];
const cwd = fileURLToPath(new URL('../../celery/', import.meta.url));

export interface Celery {
  readonly plain: LineProgram;
  readonly draft: LineProgram;
  stop(): Promise<void>;
}

/** Whether there is a Celery with Pillow, or one can be installed; where there is none to be had, that is said. */
export async function findCelery(): Promise<boolean> {
  const found = await hasCelery();
  if (!found) note(`Celery + Pillow is left out: it needs ${PACKAGES.join(', ')} (apt-get install)`);
  return found;
}

/** A Celery worker with two processes on this Redis. */
export async function startCelery(redisUrl: string, outDir: string): Promise<Celery> {
  const env = { BROKER_URL: `${redisUrl}/1`, PYTHONDONTWRITEBYTECODE: '1' };
  const worker: Child = await startChild(
    PYTHON,
    [
      ...['-m', 'celery', '-A', 'celery_app', 'worker', '--pool', 'prefork', '--concurrency', '2'],
      '--loglevel',
      'info',
    ],
    { cwd, env: { ...env, C_FORCE_ROOT: '1' }, ready: ' ready.' },
  );
  const submit = (task: string) =>
    startLineProgram(PYTHON, ['submit.py', task, `${outDir}/celery-${task}`], { cwd, env });
  const [plain, draft] = await Promise.all([submit('plain'), submit('draft')]);
  return {
    ...{ plain, draft },
    stop: async () => {
      await Promise.all([plain.stop(), draft.stop()]);
      await worker.stop();
    },
  };
}

async function hasCelery(): Promise<boolean> {
  const importable = () =>
    run(PYTHON, ['-c', 'import celery, PIL, redis']).then(
      () => true,
      () => false,
    );
  if (await importable()) return true;
  if (process.getuid?.() !== 0) return false;
  note(`installing ${PACKAGES.join(', ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await run('apt-get', ['install', '-y', '--no-install-recommends', ...PACKAGES], {
      env,
      timeout: 180_000,
    });
  } catch {
    return false;
  }
  return importable();
}
