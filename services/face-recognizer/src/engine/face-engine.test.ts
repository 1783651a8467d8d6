import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  bmpPicture,
  bombPng,
  drawnFace,
  type DrawnFaceOptions,
  drawnGroup,
  drawnPeople,
  type DrawnPerson,
  heicFile,
  plainPng,
  svgWithReferences,
  twelveMegapixelJpeg,
  withSvg,
} from '@mediaworks/media/fixtures';
import sharp, { type Sharp } from 'sharp';
import { cut, createGallery, type FaceEngine, openFaceEngine } from './index.ts';

const signal = new AbortController().signal;
let dir: string;
let engine: FaceEngine;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'face-engine-test-'));
  engine = await openFaceEngine({ modelSet: 'default', threads: 1 });
}, 60_000);
afterAll(async () => {
  await engine.close();
  await rm(dir, { recursive: true, force: true });
});

let count = 0;
async function analyse(bytes: Buffer) {
  const path = join(dir, `${count++}.bin`);
  await writeFile(path, bytes);
  return engine.analyse(path, { signal });
}

const portrait = async (person: DrawnPerson, options?: DrawnFaceOptions) =>
  analyse(await drawnFace(person, options));
const [first = 'Aldo', second = 'Aldo'] = drawnPeople;
const cosine = (a: Float32Array, b: Float32Array) =>
  a.reduce((sum, value, n) => sum + value * (b[n] ?? 0), 0);

describe('a face', () => {
  test('has a box, five points, a score and an embedding of length 1', async () => {
    const { width, height, faces, times } = await portrait(first);
    expect([width, height, faces.length]).toEqual([600, 700, 1]);
    const [face] = faces;
    if (!face) throw new Error('no face');
    const { box, landmarks, embedding, score, quality } = face;
    expect(Math.hypot(box.x + box.w / 2 - 300, box.y + box.h / 2 - 400)).toBeLessThan(60);
    expect(landmarks).toHaveLength(5);
    const across = landmarks.map(([x]) => x);
    const down = landmarks.map(([, y]) => y);
    expect(across[0]).toBeLessThan(across[1] ?? NaN);
    expect(across[3]).toBeLessThan(across[4] ?? NaN);
    for (const eye of down.slice(0, 2)) expect(Math.abs(eye - 345)).toBeLessThan(35);
    expect(down[2]).toBeGreaterThan(down[0] ?? NaN);
    expect(down[3]).toBeGreaterThan(down[2] ?? NaN);
    expect(embedding).toHaveLength(512);
    expect(cosine(embedding, embedding)).toBeCloseTo(1, 5);
    expect(score).toBeGreaterThan(0.9);
    expect(quality).toMatchObject({ blurred: false, size: Math.min(box.w, box.h) });
    for (const time of Object.values(times)) expect(time).toBeGreaterThanOrEqual(0);
  });

  test('is told to be blurred when it is', async () => {
    const { faces } = await portrait(first, { blur: 9 });
    expect(faces.map(({ quality }) => quality.blurred)).toEqual([true]);
  });

  test('is the same person at another size, tilted, in other light; and nobody else', async () => {
    const gallery = createGallery(engine.dimensions);
    for (const person of drawnPeople) {
      const { faces } = await portrait(person);
      expect(faces).toHaveLength(1);
      for (const { embedding } of faces) gallery.add({ id: person, person, embedding });
    }
    const least = cut(engine.calibration, gallery.persons);
    for (const person of drawnPeople) {
      const { faces } = await portrait(person, { width: 320, tilt: 4, variant: 1 });
      const [one, other] = gallery.top(faces[0]?.embedding ?? new Float32Array(512), 2);
      expect(one?.person).toBe(person);
      expect(one?.similarity).toBeGreaterThan(least + 0.2);
      expect(other?.similarity).toBeLessThan(0.4);
    }
  }, 60_000);

  test.each([45, -45, 30])('is known when the head is turned by %d°', async (tilt) => {
    const [upright, turned] = [await portrait('Rufus'), await portrait('Rufus', { tilt })];
    expect(turned.faces).toHaveLength(1);
    const [[a], [b]] = [upright.faces, turned.faces];
    expect(cosine(a?.embedding ?? new Float32Array(), b?.embedding ?? new Float32Array())).toBeGreaterThan(
      0.8,
    );
  });
});

describe('many faces', () => {
  test('of a group are each found where they are, the most prominent first', async () => {
    const { jpeg, places } = await drawnGroup(drawnPeople);
    const { faces } = await analyse(jpeg);
    expect(faces).toHaveLength(places.length);
    for (const { x, y } of places) {
      const near = faces.filter(({ box }) => Math.hypot(box.x + box.w / 2 - x, box.y + box.h / 2 - y) < 60);
      expect(near).toHaveLength(1);
    }
    const prominence = faces.map(({ quality }) => quality.prominence);
    expect(prominence).toEqual([...prominence].sort((a, b) => b - a));
  });

  test('one that every tile cuts, and that is not seen in the whole photo', async () => {
    const { jpeg, places } = await drawnGroup(drawnPeople, { width: 1632, height: 1224 });
    const { faces } = await analyse(jpeg);
    expect(faces).toHaveLength(places.length);
  });

  test('small ones in a large photo', async () => {
    const { jpeg, places } = await drawnGroup(drawnPeople, { width: 3000, height: 2000, head: 120 });
    const { faces } = await analyse(jpeg);
    expect(faces).toHaveLength(places.length);
    for (const { quality } of faces) expect(quality.size).toBeLessThan(75);
  });

  test.each([
    [
      'small ones, all tilted one way',
      { width: 1632, height: 1224, head: 52, tilts: new Array(12).fill(45) },
    ],
    [
      'small ones, each tilted otherwise',
      { width: 1632, height: 1224, head: 64, tilts: [0, 45, -45, 30, -30, 15] },
    ],
    [
      'large ones, each tilted otherwise',
      { width: 1632, height: 1224, head: 320, tilts: [45, 0, -45, 30, 0, -30] },
    ],
  ])('%s', async (_, options) => {
    const many = options.head < 100 ? [...drawnPeople, ...drawnPeople] : drawnPeople;
    const { jpeg, places } = await drawnGroup(many, options);
    const { faces } = await analyse(jpeg);
    const found = places.filter(({ x, y }) =>
      faces.some(({ box }) => Math.hypot(box.x + box.w / 2 - x, box.y + box.h / 2 - y) < options.head / 4),
    );
    expect(found).toHaveLength(places.length);
    expect(faces).toHaveLength(places.length);
  });

  test('only as many as are asked for', async () => {
    const path = join(dir, 'group.jpg');
    await writeFile(path, (await drawnGroup(drawnPeople)).jpeg);
    const all = await engine.analyse(path, { signal });
    const two = await engine.analyse(path, { signal, maxFaces: 2 });
    expect(two.faces.map(({ box }) => box)).toEqual(all.faces.slice(0, 2).map(({ box }) => box));
  });
});

/** Wheels of several sizes, each of which the detector takes for a face. */
async function wheels(): Promise<Buffer> {
  const hole = (r: number, n: number) => {
    const angle = (n * 2 * Math.PI) / 5;
    return `<circle cx="${Math.cos(angle) * r * 0.43}" cy="${Math.sin(angle) * r * 0.43}" r="${r * 0.14}" fill="#333"/>`;
  };
  const wheel = (r: number, x: number) =>
    [
      `<g transform="translate(${x} 90)"><circle r="${r}" fill="#222"/><circle r="${r * 0.68}" fill="#b8bcc2"/>`,
      `<circle r="${r * 0.2}" fill="#555"/>${[0, 1, 2, 3, 4].map((n) => hole(r, n)).join('')}</g>`,
    ].join('');
  const all = [15, 21, 27, 33, 39].map((r, n) => wheel(r, 60 + n * 95)).join('');
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="600" height="200"><rect width="600" height="200" fill="#8d9aa3"/>${all}</svg>`;
  return withSvg(async () => sharp(Buffer.from(svg)).blur(1.2).jpeg({ quality: 90 }).toBuffer());
}

describe('no faces', () => {
  test.each([
    ['one colour', () => plainPng(640, 480)],
    ['a pixel', () => plainPng(1, 1)],
    ['stripes and grain', () => twelveMegapixelJpeg()],
    ['wheels', () => wheels()],
  ])('in %s', async (_, make) => {
    expect((await analyse(await make())).faces).toEqual([]);
  });
});

describe('formats: the same face in', () => {
  let png: Sharp;
  let known: Float32Array;
  beforeAll(async () => {
    const jpeg = await drawnFace(second, { width: 480 });
    png = sharp(jpeg);
    known = (await analyse(jpeg)).faces[0]?.embedding ?? new Float32Array();
  });

  const grey = () => png.clone().greyscale();
  test.each<[string, () => Promise<Buffer>, number]>([
    ['PNG', () => png.clone().png().toBuffer(), 0.95],
    ['PNG of 16 bits', () => png.clone().toColourspace('rgb16').png().toBuffer(), 0.95],
    ['PNG with a palette', () => png.clone().png({ palette: true }).toBuffer(), 0.8],
    ['PNG with alpha', () => png.clone().ensureAlpha().png().toBuffer(), 0.95],
    ['GIF', () => png.clone().gif().toBuffer(), 0.8],
    ['WebP', () => png.clone().webp().toBuffer(), 0.9],
    ['AVIF', () => png.clone().avif().toBuffer(), 0.9],
    ['TIFF', () => png.clone().tiff({ compression: 'lzw' }).toBuffer(), 0.95],
    ['CMYK', () => png.clone().withIccProfile('cmyk').jpeg({ quality: 95 }).toBuffer(), 0.7],
    ['grey', () => grey().png().toBuffer(), 0.5],
    ['grey of 16 bits', () => grey().toColourspace('grey16').png().toBuffer(), 0.5],
    [
      'JPEG on its side',
      () => png.clone().rotate(270).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
      0.9,
    ],
    ['JPEG mirrored', () => png.clone().flop().withMetadata({ orientation: 2 }).jpeg().toBuffer(), 0.9],
  ])('%s', async (_, make, least) => {
    const { faces, width, height } = await analyse(await make());
    expect([width, height, faces.length]).toEqual([480, 560, 1]);
    expect(cosine(known, faces[0]?.embedding ?? new Float32Array())).toBeGreaterThan(least);
  });

  test('of a TIFF the first page', async () => {
    const pages = [await png.clone().png().toBuffer(), await plainPng(480, 560)];
    const tiff = await sharp(pages, { join: { animated: true } })
      .tiff({ compression: 'lzw' })
      .toBuffer();
    expect((await analyse(tiff)).faces).toHaveLength(1);
  });

  test('BMP and HEIC are decoded', async () => {
    expect(await analyse(bmpPicture({ width: 200, height: 150, bits: 24 }))).toMatchObject({
      width: 200,
      height: 150,
    });
    expect(await analyse(heicFile({ turns: 1 }))).toMatchObject({ width: 48, height: 64 });
  });
});

test.each<[string, () => Buffer | Promise<Buffer>, string]>([
  ['nothing', () => Buffer.alloc(0), 'empty_media'],
  ['text', () => Buffer.from('these are no pixels'), 'unsupported_media'],
  ['a drawing with references', () => svgWithReferences('http://127.0.0.1/'), 'unsupported_media'],
  ['half a JPEG', async () => (await drawnFace(first)).subarray(0, 8_000), 'corrupt_media'],
  ['a bomb', () => bombPng(20_000), 'too_many_pixels'],
])('%s is refused with a code, and the next photo goes on', async (_, make, code) => {
  await expect(analyse(await make())).rejects.toMatchObject({ name: 'PermanentError', code });
  expect((await portrait(first)).faces).toHaveLength(1);
});

test('who stops waiting gets the reason at once, and the thread goes on with the next photo', async () => {
  const path = join(dir, 'large.jpg');
  await writeFile(path, (await drawnGroup(drawnPeople, { width: 4000, height: 3000, head: 90 })).jpeg);
  const stop = new AbortController();
  const working = engine.analyse(path, { signal: stop.signal });
  const waiting = engine.analyse(path, { signal: stop.signal });
  const reason = new Error('enough');
  stop.abort(reason);
  await expect(working).rejects.toBe(reason);
  await expect(waiting).rejects.toBe(reason);
  expect((await portrait(first)).faces).toHaveLength(1);
});

describe('a model set', () => {
  const require = createRequire(import.meta.url);
  const models = join(dirname(require.resolve('faceplugin-face-recognition-js/package.json')), 'model');

  /** A set of one's own: the default one from a folder. */
  async function ownSet(change: (set: Record<string, unknown>) => void): Promise<string> {
    const path = join(dir, `set-${count++}.json`);
    const set = JSON.parse(
      await readFile(new URL('../../models/default.json', import.meta.url), 'utf8'),
    ) as Record<string, { file?: Record<string, unknown> }>;
    for (const [part, name] of [
      ['detector', 'fr_detect.onnx'],
      ['landmarks', 'fr_landmark.onnx'],
      ['embedder', 'fr_feature.onnx'],
    ] as const) {
      await copyFile(join(models, name), join(dir, name));
      const { sha256 } = set[part]?.file ?? {};
      Object.assign(set[part] ?? {}, { file: { name, sha256 } });
    }
    Object.assign(set, { id: 'own' });
    change(set);
    await writeFile(path, JSON.stringify(set));
    return path;
  }
  const open = (modelSet: string, allowNonCommercial = false) =>
    openFaceEngine({ modelSet, modelDir: dir, threads: 1, allowNonCommercial });

  test('of one’s own works, and has an id of its own', async () => {
    const own = await open(await ownSet(() => undefined));
    expect(own.modelId).toMatch(/^own-[0-9a-f]{8}$/);
    expect(engine.modelId).toMatch(/^default-[0-9a-f]{8}$/);
    expect(own.modelId.slice(-8)).toBe(engine.modelId.slice(-8));
    await own.close();
  });

  test('with another file than was meant is refused', async () => {
    const set = await ownSet((own) =>
      Object.assign((own['embedder'] as { file: object }).file, { sha256: '0'.repeat(64) }),
    );
    await expect(open(set)).rejects.toThrow(/fr_feature\.onnx has the sha256 87aacdfe\w+, not 0000/);
  });

  test('with a file that is missing, or that is no model, is refused', async () => {
    const missing = await ownSet((own) =>
      Object.assign((own['detector'] as { file: object }).file, { name: 'none.onnx' }),
    );
    await expect(open(missing)).rejects.toThrow(/none\.onnx, which is missing/);
    await writeFile(join(dir, 'text.onnx'), 'hello');
    const text = await ownSet((own) =>
      Object.assign((own['detector'] as { file: object }).file, {
        name: 'text.onnx',
        sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
      }),
    );
    await expect(open(text)).rejects.toThrow();
  });

  test('that forbids commerce needs a word', async () => {
    const set = await ownSet((own) => Object.assign(own['licence'] as object, { commercial: false }));
    await expect(open(set)).rejects.toThrow(/forbids commerce/);
    await (await open(set, true)).close();
  });

  test('that is none is refused with what is wrong with it', async () => {
    await expect(open('nothing-of-that-name')).rejects.toThrow('There is no model set');
    await expect(open(await ownSet((own) => delete own['embedder']))).rejects.toThrow(/embedder: /);
    const short = await ownSet((own) => Object.assign(own['embedder'] as object, { dimensions: 128 }));
    await expect(open(short)).rejects.toThrow(/no weight for each/);
    await expect(open('opencv')).rejects.toThrow();
  });
});
