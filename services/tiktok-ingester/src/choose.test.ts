import { expect, it } from '@jest/globals';
import { chooseVideos } from './choose.ts';

const listed = Array.from({ length: 50 }, (_, index) => String(7_300_000_000 + index));

it('takes the first of the list', () => {
  expect(chooseVideos(listed, { most: 3, random: false, seed: 'x' })).toEqual(listed.slice(0, 3));
  expect(chooseVideos(listed.slice(0, 2), { most: 3, random: false, seed: 'x' })).toEqual(listed.slice(0, 2));
  expect(chooseVideos([], { most: 3, random: true, seed: 'x' })).toEqual([]);
});

it('draws by the seed, whatever the order of the list', () => {
  const draw = (videos: string[], seed: string) => chooseVideos(videos, { most: 5, random: true, seed });
  const drawn = draw(listed, 'spring');
  expect(new Set(drawn).size).toBe(5);
  expect(draw([...listed].reverse(), 'spring')).toEqual(drawn);
  expect(draw(listed, 'summer')).not.toEqual(drawn);
});

it('draws each video about as often as any other', () => {
  const times = new Map<string, number>();
  for (let seed = 0; seed < 2_000; seed++) {
    for (const id of chooseVideos(listed, { most: 5, random: true, seed: String(seed) })) {
      times.set(id, (times.get(id) ?? 0) + 1);
    }
  }
  // 200 each are expected, with a standard deviation of 13.4: five of them is one in millions.
  expect(Math.min(...times.values())).toBeGreaterThan(133);
  expect(Math.max(...times.values())).toBeLessThan(267);
});
