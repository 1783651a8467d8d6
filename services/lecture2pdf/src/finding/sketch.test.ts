import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compare } from './comparison.ts';
import { blocksOf, sizeOf } from './grid.ts';
import { createShelf } from './shelf.ts';
import { boundOf, sketchOf, strokesOf } from './sketch.ts';
import { box, grid, type Paint, words } from './testing/film.ts';
import { type Grain, pack, type View, viewOf } from './view.ts';

interface Page {
  readonly level: number;
  readonly noise: number;
  readonly paints: readonly Paint[];
  readonly hidden: number;
}

const still: Grain = { noise: 0, shaky: false };
const plainPage = (...paints: Paint[]): Page => ({ level: 230, noise: 0, paints, hidden: 0 });

function viewed({ level, noise, paints, hidden }: Page): View {
  const frame = new Uint8Array(grid.width * grid.height).fill(level);
  for (const paint of paints) paint(frame);
  for (let at = 0; at < frame.length; at++) {
    const grain = (Math.imul(at + level, 0x9e3779b1) >>> 16) % (2 * noise + 1);
    frame[at] = Math.max(0, Math.min(255, (frame[at] ?? 0) + grain - noise));
  }
  return viewOf(frame, new Uint8Array(blocksOf(grid)).fill(1, hidden), grid);
}

function bothOf(pages: readonly [Page, Page], grain: Grain) {
  const [a, b] = [viewed(pages[0]), viewed(pages[1])];
  const keep = createShelf();
  const kept = { packed: pack(a, grid, keep), sketch: sketchOf(a, grid, keep) };
  const seen = { view: b, packed: pack(b, grid, keep), strokes: strokesOf(b, grid, grain), grain };
  const { added, lost, before, after } = compare(a, b, grid, grain);
  return {
    bound: boundOf(kept, seen, grid),
    found: { added: sizeOf(added), lost: sizeOf(lost), before, after },
  };
}

const grey = fc.integer({ min: 0, max: 255 });
const line = fc
  .record({ text: fc.string({ minLength: 1, maxLength: 30 }), y: fc.integer({ min: 0, max: 250 }), grey })
  .map(({ text, y, grey }) => words(text, y, { grey }));
const plate = fc
  .tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 200 }), grey)
  .map(([x, y, grey]) => box(x, y, 90, 60, grey));
const page = fc.record({
  level: fc.oneof(fc.constantFrom(20, 128, 230), grey),
  noise: fc.constantFrom(0, 0, 2, 6),
  paints: fc.array(fc.oneof(line, line, plate), { maxLength: 12 }),
  hidden: fc.constantFrom(0, 0, 60),
});
const grain = fc.record({ noise: fc.constantFrom(0, 3, 8), shaky: fc.boolean() });

describe('what a sketch tells without a comparison', () => {
  it('is never more than a comparison finds', () => {
    fc.assert(
      fc.property(page, page, grain, (a, b, grain) => {
        const { bound, found } = bothOf([a, b], grain);
        expect(bound.added).toBeLessThanOrEqual(found.added);
        expect(bound.lost).toBeLessThanOrEqual(found.lost);
        expect(bound.before).toBeGreaterThanOrEqual(found.before);
        expect(bound.after).toBeGreaterThanOrEqual(found.after);
      }),
      { seed: 1, numRuns: 40 },
    );
  });

  it.each([
    ['on a still picture', still],
    ['before a shaky camera', { noise: 1, shaky: true }],
  ])('is that other words are there, %s', (_where, grain) => {
    const pages = [
      plainPage(words('Precipitation and what it is', 20), words('Rain or snow', 70)),
      plainPage(words('Rivers run down to the sea', 140), words('Oceans', 200)),
    ] as const;
    const { bound, found } = bothOf(pages, grain);
    expect(bound.added).toBeGreaterThan(10);
    expect(bound.after).toBe(found.after);
  });

  it('is that words are gone, where nothing came beside them', () => {
    const [first, second] = [words('Precipitation and what it is', 20), words('Rain or snow', 70)];
    const { bound, found } = bothOf([plainPage(first, second), plainPage(first)], still);
    expect(bound.lost).toBeGreaterThan(5);
    expect(bound.added).toBe(0);
    expect(bound.before).toBe(found.before);
  });

  it('is nothing where all has become darker by as much', () => {
    const lines = [words('Precipitation and what it is', 20)];
    const { bound } = bothOf([plainPage(...lines), { ...plainPage(...lines), level: 200 }], still);
    expect(bound).toMatchObject({ lost: 0, added: 0 });
  });
});
