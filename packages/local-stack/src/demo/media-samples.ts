import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  animatedGif,
  fullHdVideo,
  makeAudio,
  orientedPhoto,
  transparentPng,
  twelveMegapixelJpeg,
} from '@mediaworks/media/fixtures';
import { expectPromise } from './part.ts';
import type { Inspection } from './media-inspect.ts';

export interface Sample {
  name: string;
  make(folder: string): Promise<string>;
  /** What must be true of the renditions, by name. */
  check(outputs: Readonly<Record<string, Inspection>>): void;
}

const picture = (name: string, bytes: () => Promise<Buffer>, check: Sample['check']): Sample => ({
  name,
  make: async (folder) => {
    const path = join(folder, name);
    await writeFile(path, await bytes());
    return path;
  },
  check: (outputs) => {
    for (const size of ['thumbnail', 'small', 'medium', 'large', 'webp']) {
      expectPromise(outputs[size] !== undefined, `${name} has a ${size}`);
      expectPromise(
        outputs[size]?.hasMetadata === false,
        `${name}: its ${size} tells nothing about who took it or where`,
      );
    }
    const { thumbnail, small, medium, large } = outputs;
    expectPromise(thumbnail?.width === thumbnail?.height, `${name}: its thumbnail is square`);
    for (const [output, side] of [
      [thumbnail, 150],
      [small, 320],
      [medium, 640],
      [large, 1080],
    ] as const) {
      expectPromise(
        Math.max(output?.width ?? 0, output?.height ?? 0) <= side,
        `${name}: at most ${side} pixels`,
      );
    }
    check(outputs);
  },
});

/** Real media, made here: nothing is downloaded, nothing is shipped. */
export const samples: readonly Sample[] = [
  picture(
    'photo-on-its-side.jpg',
    () => orientedPhoto(6, 1200, 1600),
    ({ large }) =>
      expectPromise(
        (large?.height ?? 0) > (large?.width ?? 0),
        'the photo with orientation 6 stands upright',
      ),
  ),
  picture('transparent.png', transparentPng, ({ webp }) =>
    expectPromise(webp?.hasAlpha === true, 'the transparent PNG is transparent in its WebP'),
  ),
  picture('animated.gif', animatedGif, ({ webp }) =>
    expectPromise((webp?.frames ?? 1) > 1, 'the animated GIF moves in its WebP'),
  ),
  picture('twelve-megapixels.jpg', twelveMegapixelJpeg, ({ large }) =>
    expectPromise(
      Math.max(large?.width ?? 0, large?.height ?? 0) === 1080,
      'the 12-megapixel photo is 1080 pixels large',
    ),
  ),
  {
    name: 'video-1080p.mp4',
    make: (folder) => fullHdVideo(folder, 4),
    check: ({ video, poster, thumbnail }) => {
      expectPromise(video?.codec === 'h264 + aac', 'the video is H.264 with AAC');
      expectPromise((video?.height ?? 9999) <= 1080, 'the video is at most 1080p');
      expectPromise(
        poster?.codec === 'jpeg' && thumbnail?.width === 150,
        'the video has a poster and a thumbnail',
      );
    },
  },
  {
    name: 'sound.wav',
    make: (folder) => makeAudio(folder, 'wav', { seconds: 5 }),
    check: ({ audio }) => {
      expectPromise(audio?.codec === 'mp3', 'the sound is MP3');
      expectPromise(audio?.sampleRate === 44_100, 'the sound has 44.1 kHz');
      expectPromise(Math.abs((audio?.bitrate ?? 0) - 128_000) < 4_000, 'the sound has 128 kb/s');
    },
  },
];
