import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { probe } from '@mediaworks/media';
import { findOnPath } from '@mediaworks/runtime';
import type { Found } from './score.ts';

const run = promisify(execFile);
/** Opencast's default. */
const THRESHOLD = 0.025;
/** Pages shorter than this are taken for transitions. */
const SHORTEST_SECONDS = 1;

/** What ffmpeg's scene score tells, which is how Opencast segments lectures: a page from one jump to the next. */
export async function findByScenes(path: string): Promise<Found> {
  const filters = `select='gt(scene,${THRESHOLD})',metadata=print:file=-`;
  const { stdout } = await run(
    findOnPath('ffmpeg') ?? 'ffmpeg',
    ['-v', 'error', '-i', path, '-vf', filters, '-an', '-f', 'null', '/dev/null'],
    { maxBuffer: 2 ** 26 },
  );
  const { duration } = await probe(path);
  const cuts = [...stdout.matchAll(/pts_time:([\d.]+)/g)].map(([, time]) => Number(time));
  const starts = [0, ...cuts];
  const slides = starts.map((start, i) => {
    const end = starts[i + 1] ?? duration ?? start;
    return { ranges: [{ start, end }], frameTime: end - Math.min(0.5, (end - start) / 2) };
  });
  return {
    slides: slides.filter(({ ranges: [only] }) => only && only.end - only.start >= SHORTEST_SECONDS),
  };
}
