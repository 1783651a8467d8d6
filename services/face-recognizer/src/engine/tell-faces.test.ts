import { expect, test } from '@jest/globals';
import { ALIGNED_SIDE } from './align.ts';
import type { Models } from './describe-photo.ts';
import type { Candidate } from './detector.ts';
import type { FoundFace } from './find-faces.ts';
import { createPyramids } from './pyramid.ts';
import type { Reading } from './read-faces.ts';
import { tellFaces } from './tell-faces.ts';

const { signal } = new AbortController();
const input = { width: 320, height: 240, smallest: 16 };
const numbers = { channels: 'rgb', mean: 127, scale: 128 } as const;
const file = { sha256: '' };
const pyramids = createPyramids(input);
const photo = pyramids.of({ data: new Uint8Array(400 * 300 * 3), width: 400, height: 300 });
const FACE = Float32Array.of(1, 0);
const NO_FACE = Float32Array.of(0, 1);

/** What a detector scores in every further look, and how often models were asked. */
function modelsSeeing(score: number, mirrored = FACE) {
  const asked = { looks: 0, images: 0 };
  const middle: Candidate = { left: 85, top: 85, right: 155, bottom: 155, score };
  const direction = Buffer.from(Int8Array.of(100, -127)).toString('base64');
  const models: Models = {
    pyramids,
    detector: {
      spec: { ...input, ...numbers, file, kind: 'rfb', threshold: 0.65, overlap: 0.4 },
      detect: () => {
        asked.looks++;
        return Promise.resolve([middle]);
      },
    },
    landmarks: undefined,
    embedder: {
      spec: {
        ...{ ...numbers, file, dimensions: 2 },
        faces: {
          ...{ least: 1.5, sure: 2.6, clear: 0, direction, scale: 0.01, offset: -1 },
          ...{ mirrored: 0.5, confirmed: 0.5, doubtful: 1 },
        },
      },
      embed: (images) => {
        asked.images += images.length;
        return Promise.resolve(images.map(() => ({ embedding: mirrored, norm: 2 })));
      },
    },
    sharpness: 0.1,
  };
  return { models, asked };
}

const aligned = new Uint8Array(ALIGNED_SIDE * ALIGNED_SIDE * 3);

function reading(norm: number, embedding = FACE, face: Partial<FoundFace> = {}): Reading {
  const box = { left: 100, top: 100, right: 140, bottom: 140, score: 0.95, roll: 0, ...face };
  const { left, top } = box;
  const points = [
    [10, 15],
    [30, 15],
    [20, 22],
    [13, 30],
    [27, 30],
  ].map(([x = 0, y = 0]) => [left + x, top + y] as const);
  return { face: box, points, aligned, embedding, norm };
}

test('one that the embedder says much about is a face without further looks', async () => {
  const { models, asked } = modelsSeeing(0);
  const sure = reading(3);
  expect(await tellFaces(models, photo, [sure], signal)).toEqual([sure]);
  expect(asked).toEqual({ looks: 0, images: 0 });
});

test('and one that it says very much about is a face whatever it says', async () => {
  const { models } = modelsSeeing(0);
  const [much, veryMuch] = [reading(3.4, NO_FACE), reading(3.6, NO_FACE, { left: 200, right: 240 })];
  expect(await tellFaces(models, photo, [much, veryMuch], signal)).toEqual([veryMuch]);
});

test('of another the further looks decide', async () => {
  const doubtful = reading(2);
  expect(await tellFaces(modelsSeeing(0.95).models, photo, [doubtful], signal)).toEqual([doubtful]);
  expect(await tellFaces(modelsSeeing(0.1).models, photo, [doubtful], signal)).toEqual([]);
});

test('nothing more is asked about what no answer could make a face', async () => {
  const { models, asked } = modelsSeeing(1);
  const letters = { left: 200, right: 240 };
  const none = [reading(3, NO_FACE), reading(1, FACE, letters)];
  expect(await tellFaces(models, photo, none, signal)).toEqual([]);
  expect(asked).toEqual({ looks: 0, images: 0 });
});

test('two boxes of one face are one, a small one that is cut out of it as well', async () => {
  const { models } = modelsSeeing(1);
  const whole = reading(4);
  const part = reading(3, FACE, { left: 118, right: 138, top: 118, bottom: 138 });
  const other = reading(3, FACE, { left: 300, right: 340 });
  expect(await tellFaces(models, photo, [part, whole, other], signal)).toEqual([whole, other]);
});

test('without figures the detector is asked about all', async () => {
  for (const [score, count] of [
    [0.9, 1],
    [0.5, 0],
  ] as const) {
    const { models } = modelsSeeing(score);
    const { faces: _, ...spec } = models.embedder.spec;
    const told = await tellFaces(
      { ...models, embedder: { ...models.embedder, spec } },
      photo,
      [reading(2)],
      signal,
    );
    expect(told).toHaveLength(count);
  }
});
