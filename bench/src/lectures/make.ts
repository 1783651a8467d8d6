import { access, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compose } from './compose.ts';
import { encode } from './encode.ts';
import { writePng } from './picture.ts';
import type { Kind } from './recipes.ts';
import type { SetName } from './sets.ts';

/**
 * Writes `NAME.mp4`, `NAME.truth.json` and the slides' final pictures in `NAME/` into `dir`, NAME being the kind, with
 * the seed behind it from 2 on. What is there already is left as it is. Returns the video's path.
 */
export async function makeLecture(dir: string, set: SetName, kind: Kind, seed: number): Promise<string> {
  const name = seed === 1 ? kind : `${kind}-${seed}`;
  const [video, truth] = [join(dir, `${name}.mp4`), join(dir, `${name}.truth.json`)];
  if (await exists(truth)) return video;
  const lecture = await compose(set, kind, seed);
  await mkdir(join(dir, name), { recursive: true });
  await encode(lecture, video);
  for (const [final, picture] of lecture.finals) await writePng(picture, join(dir, name, final));
  const slides = lecture.truth.slides.map((slide) => ({ ...slide, final: `${name}/${slide.final}` }));
  // The last to be written, and whole: where it is, everything is.
  await writeFile(`${truth}.part`, JSON.stringify({ ...lecture.truth, slides }, undefined, 1));
  await rename(`${truth}.part`, truth);
  return video;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
