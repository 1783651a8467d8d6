import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { compose } from './compose.ts';
import { framesOf } from './lecture.ts';
import type { Picture } from './picture.ts';
import { setNames } from './sets.ts';

const hashOf = (bytes: Uint8Array = Buffer.of()) => createHash('md5').update(bytes).digest('hex');
const bytesOf = (finals: ReadonlyMap<string, Picture>) =>
  [...finals.values()].map(({ data }) => hashOf(data));

describe('compose', () => {
  it.each(setNames)('makes the same lecture of the same seed (%s)', async (set) => {
    const [one, again, other] = [
      await compose(set, '240p', 1),
      await compose(set, '240p', 1),
      await compose(set, '240p', 2),
    ];
    expect(again.truth).toEqual(one.truth);
    expect(bytesOf(again.finals)).toEqual(bytesOf(one.finals));
    expect(other.truth).not.toEqual(one.truth);
  });

  it('shows each slide complete when its truth says so, and not before', async () => {
    const { truth, finals, ...lecture } = await compose('train', 'fps-5', 1);
    const frames = [...framesOf({ ...lecture, truth, finals })].map(({ data }) => hashOf(data));
    for (const { ranges, final } of truth.slides) {
      const picture = hashOf(finals.get(final)?.data);
      for (const { start, end, complete } of ranges) {
        const at = (seconds: number) => frames[Math.round(seconds * 5)];
        expect(complete).not.toBeNull();
        expect(at(complete?.from ?? 0)).toBe(picture);
        expect(at(end - 0.2)).toBe(picture);
        if (complete && complete.from > start) expect(at(complete.from - 0.2)).not.toBe(picture);
      }
    }
  });

  it('tells nothing of slides that only flash by', async () => {
    const { truth, scenes } = await compose('train', 'seeking', 1);
    const short = scenes.filter(({ start, end }) => end - start < 1);
    expect(short.length).toBeGreaterThan(0);
    for (const { ranges } of truth.slides) {
      for (const { start, end } of ranges) expect(end - start).toBeGreaterThan(1);
    }
  });
});
