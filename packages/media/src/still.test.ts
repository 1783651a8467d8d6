import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRequire } from 'node:module';
import { configureMedia } from './ffmpeg-path.ts';
import { runFfmpegPlainly } from './fixtures/video.ts';
import { probe } from './probe.ts';
import sharp from './sharp-setup.ts';
import { writeStill } from './still.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'still-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Black, then from 20 s on grey, then from 40 s on white; ends at 60 s. */
const STEPS = [
  ['-f', 'lavfi', '-i', 'color=c=black:s=320x180:r=25:d=20'],
  ['-f', 'lavfi', '-i', 'color=c=gray:s=320x180:r=25:d=20'],
  ['-f', 'lavfi', '-i', 'color=c=white:s=320x180:r=25:d=20'],
].flat();
const JOINED = '[0][1][2]concat=n=3';

const require = createRequire(import.meta.url);
const bundled = () => ({
  ffmpegPath: (require('@ffmpeg-installer/ffmpeg') as { path: string }).path,
  ffprobePath: (require('@ffprobe-installer/ffprobe') as { path: string }).path,
});

describe.each(['of the system', 'of 2018'])(
  'the frame that is shown at a moment, by the ffmpeg %s',
  (which) => {
    beforeAll(() => configureMedia(which === 'of 2018' ? bundled() : {}));
    afterAll(() => configureMedia());

    const shades = async (path: string) => {
      const at = async (seconds: number) => {
        const picture = join(folder, 'picture.jpg');
        await writeStill(path, seconds, picture, { probe: await probe(path) });
        const [{ mean } = { mean: -1 }] = (await sharp(picture).greyscale().stats()).channels;
        return mean < 60 ? 'black' : mean < 200 ? 'grey' : 'white';
      };
      const found: string[] = [];
      for (const seconds of [0, 10, 19.75, 20.25, 30, 39.5, 41, 59.9, 70]) found.push(await at(seconds));
      return found;
    };
    const expected = ['black', 'black', 'black', 'grey', 'grey', 'grey', 'white', 'white', 'white'];

    it.each<[string, string, string[]]>([
      ['a keyframe every ten seconds', 'steady.mp4', ['-g', '250']],
      ['one frame a change', 'sparse.mp4', ['-vf', 'mpdecimate=max=0', '-vsync', 'vfr']],
      ['one frame a change, in Matroska', 'sparse.mkv', ['-vf', 'mpdecimate=max=0', '-vsync', 'vfr']],
      ['a stream without an index', 'stream.ts', ['-g', '250']],
    ])('with %s', async (_what, name, options) => {
      const path = join(folder, name);
      const filter = options.includes('-vf') ? `${JOINED},${options[1] ?? ''}` : JOINED;
      const rest = options.includes('-vf') ? options.slice(2) : options;
      const coded = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-sc_threshold', '0'];
      await runFfmpegPlainly([...STEPS, '-filter_complex', filter, ...coded, ...rest, path]);
      expect(await shades(path)).toEqual(expected);
    });
  },
);
