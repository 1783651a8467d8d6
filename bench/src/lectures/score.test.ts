import { describe, expect, it } from '@jest/globals';
import { score, sharesOf, sumOf, type Found } from './score.ts';
import type { Truth, TrueRange } from './truth.ts';

const whole = (start: number, end: number): TrueRange => ({
  start,
  end,
  complete: { from: start, until: end },
});

/** a 0–10 (complete from 6 on), b 10–20, the speaker 20–30, a again 30–40. */
const truth: Truth = {
  kind: 'test',
  duration: 40,
  slides: [
    {
      id: 'a',
      final: 'a.png',
      ranges: [{ start: 0, end: 10, complete: { from: 6, until: 9.5 } }, whole(30, 40)],
    },
    { id: 'b', final: 'b.png', ranges: [whole(10, 20)] },
  ],
};
const a = { ranges: [whole(0, 10), whole(30, 40)], frameTime: 39 };
const b = { ranges: [whole(10, 20)], frameTime: 19 };
const found = (...slides: Found['slides']): Found => ({ slides });
const scored = (...slides: Found['slides']) => score(truth, found(...slides));

describe('score', () => {
  it('gives everything for the truth itself', () => {
    expect(scored(a, b)).toEqual({
      ...{ pages: 2, right: 2, slides: 2, final: 2, boundaries: 6, near: 6 },
      faults: [],
    });
  });

  it('counts a second page of a slide as a false one', () => {
    const result = scored({ ranges: [whole(0, 10)], frameTime: 9 }, b, {
      ranges: [whole(30, 40)],
      frameTime: 39,
    });
    expect(sharesOf(result)).toMatchObject({ precision: 2 / 3, recall: 1 });
    expect(result.faults).toContain('again a: page 30.0–40.0');
  });

  it('counts a page of what is no slide as a false one', () => {
    const speaker = { ranges: [whole(19, 30)], frameTime: 25 };
    expect(sharesOf(scored(a, b, speaker))).toMatchObject({ precision: 2 / 3, recall: 1 });
  });

  it('counts two slides on one page as one missed', () => {
    const both = { ranges: [whole(0, 20), whole(30, 40)], frameTime: 39 };
    expect(sharesOf(scored(both))).toMatchObject({ precision: 1, recall: 0.5 });
  });

  it.each([
    ['while it is built', 5.9, 0],
    ['when it is complete', 6, 1],
    ['in the transition out of it', 9.8, 0],
    ['in a later range', 35, 1],
  ])('judges a picture taken %s', (_when, frameTime, final) => {
    expect(scored({ ...a, frameTime }).final).toBe(final);
  });

  it('lets a boundary be off by a second and no more', () => {
    const off = (by: number) => scored(a, { ranges: [whole(10 + by, 20)], frameTime: 19 }).near;
    expect([off(-1), off(1), off(1.01)]).toEqual([6, 6, 5]);
  });

  it('misses both boundaries of a range that was not found, and none of a slide that was not', () => {
    const result = scored({ ranges: [whole(0, 10)], frameTime: 9 });
    expect([result.near, result.boundaries]).toEqual([2, 4]);
  });

  it('neither asks for an optional slide nor minds it, once', () => {
    const still: Truth = {
      ...truth,
      slides: [{ id: 's', final: 's.png', ranges: [whole(0, 40)], optional: true }],
    };
    const page = { ranges: [whole(0, 40)], frameTime: 20 };
    expect(sharesOf(score(still, found()))).toMatchObject({ precision: 1, recall: 1 });
    expect(sharesOf(score(still, found(page)))).toMatchObject({ precision: 1, recall: 1 });
    expect(sharesOf(score(still, found(page, page)))).toMatchObject({ precision: 0 });
  });

  it('adds up counts and not shares', () => {
    const total = sumOf([scored(a, b), scored(b)]);
    expect(sharesOf(total)).toMatchObject({ precision: 1, recall: 3 / 4 });
  });
});
