import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compare } from './comparison.ts';
import { blocksOf, componentsOf, gridOf, sizeOf, widen } from './grid.ts';
import { medianOf } from './median.ts';
import { createShelf } from './shelf.ts';
import { grid, type Paint, words } from './testing/film.ts';
import { createViewer, inkBlocks, joined, mayBeAlike, pack, unpack, viewOf, without } from './view.ts';

const grain = { noise: 0, shaky: false };
const keep = createShelf();
const allCalm = () => new Uint8Array(blocksOf(grid)).fill(1);
const seen = (paints: Paint[], calm = allCalm()) => {
  const frame = new Uint8Array(grid.width * grid.height).fill(230);
  for (const paint of paints) paint(frame);
  return viewOf(frame, calm, grid);
};
const one = seen([words('one line of words', 20)]);
const two = seen([words('one line of words', 20), words('and another below', 80)]);

describe('the grid', () => {
  it.each([
    [1920, 1080, 480, 270],
    [1080, 1920, 270, 480],
    [320, 240, 320, 240],
    [2, 2, 16, 16],
    [10_000, 10, 480, 16],
  ])('of %i × %i is %i × %i', (width, height, w, h) => {
    expect(gridOf({ width, height })).toMatchObject({ width: w, height: h });
  });

  it('widens over corners, and tells what hangs together', () => {
    const set = new Uint8Array(blocksOf(grid));
    set[0] = set[grid.columns + 1] = set[10] = 1;
    expect(componentsOf(set, grid)).toEqual([[0, grid.columns + 1], [10]]);
    expect(sizeOf(widen(new Uint8Array(blocksOf(grid)).fill(1, 0, 1), grid))).toBe(4);
  });
});

it('the median is the third of five', () => {
  const frame = fc.uint8Array({ minLength: 4, maxLength: 4 });
  const still = fc.constant(Uint8Array.of(1, 2, 3, 4));
  fc.assert(
    fc.property(fc.tuple(frame, frame, fc.oneof(frame, still), still, still), (frames) => {
      const third = (at: number) => frames.map((one) => one[at] ?? NaN).sort((x, y) => x - y)[2];
      expect([...medianOf(frames)]).toEqual([0, 1, 2, 3].map(third));
    }),
    { seed: 1 },
  );
});

describe('a view', () => {
  it('is the same after it was packed', () => {
    const { picture, contrast, peak, background, calm } = two;
    const lively = new Uint8Array(blocksOf(grid)).fill(1, 3, 7);
    const kept = unpack(pack({ ...two, lively }, grid, keep), grid);
    expect(kept).toEqual({ picture, contrast, peak, background, calm, lively });
  });

  it('is the same whatever was seen before it', () => {
    for (const size of [
      { width: 1280, height: 720 },
      { width: 1080, height: 1920 },
    ]) {
      const own = gridOf(size);
      const view = createViewer(own);
      const calm = new Uint8Array(blocksOf(own)).fill(1);
      const picture = new Uint8Array(own.width * own.height).fill(200);
      for (let turn = 0; turn < 30; turn++) {
        const next = Uint8Array.from(picture);
        // Lines that cross blocks and rows, then nothing, then all of it.
        const at = (turn * 7_919) % next.length;
        if (turn % 10 === 9) next.fill(turn);
        else if (turn % 3 > 0) next.fill((turn * 37) % 256, at, at + turn * 5);
        const [made, alone] = [view(next, calm), viewOf(next, calm, own)];
        expect(Buffer.compare(made.picture, alone.picture)).toBe(0);
        expect(Buffer.compare(made.contrast, alone.contrast)).toBe(0);
        expect(Buffer.compare(made.peak, alone.peak)).toBe(0);
        picture.set(next);
      }
    }
  });

  it('has content where something is written, and only where it counts', () => {
    expect(inkBlocks(seen([]), grid, grain)).toBe(0);
    expect(inkBlocks(one, grid, grain)).toBeGreaterThan(0);
    expect(inkBlocks(without(one, allCalm()), grid, grain)).toBe(0);
  });

  it('shows with another what either shows', () => {
    const top = allCalm().fill(0, blocksOf(grid) / 2);
    const whole = joined(seen([words('one line of words', 20)], top), seen([words('at the end', 220)]), grid);
    expect(sizeOf(whole.calm)).toBe(blocksOf(grid));
    expect(inkBlocks(whole, grid, grain)).toBeGreaterThan(inkBlocks(one, grid, grain));
  });

  it('may be alike as long as most of its content is in the same places', () => {
    const elsewhere = seen([words('something else is here', 160, { x: 200 })]);
    expect(mayBeAlike(pack(two, grid, keep), pack(two, grid, keep))).toBe(true);
    expect(mayBeAlike(pack(one, grid, keep), pack(elsewhere, grid, keep))).toBe(false);
  });
});

describe('a comparison', () => {
  it('of a view with itself tells nothing', () => {
    const { lost, added, patches, common } = compare(two, two, grid, grain);
    expect([sizeOf(lost), sizeOf(added), patches.length, common]).toEqual([0, 0, 0, 1]);
  });

  it('tells what was added, and backwards what was lost', () => {
    const forth = compare(one, two, grid, grain);
    const back = compare(two, one, grid, grain);
    expect(sizeOf(forth.lost)).toBe(0);
    expect(sizeOf(forth.added)).toBeGreaterThan(0);
    expect(back.lost).toEqual(forth.added);
    expect(forth.patches).toEqual([]);
  });

  it('tells where something made way for something', () => {
    const [then, now] = ['1024', '8716'].map((number) => seen([words(`${number} litres of rain`, 20)]));
    if (!then || !now) throw new Error('two were expected');
    expect(compare(then, now, grid, grain).patches.length).toBe(1);
  });

  it('takes no notice of what moves', () => {
    const hidden = seen(
      [words('one line of words', 20), words('and another below', 80)],
      new Uint8Array(blocksOf(grid)),
    );
    expect(compare(one, hidden, grid, grain)).toMatchObject({ common: 0, before: 0, after: 0 });
  });
});
