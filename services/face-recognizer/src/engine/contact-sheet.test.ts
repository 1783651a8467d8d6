import { expect, test } from '@jest/globals';
import { contactSheetOf } from './contact-sheet.ts';
import type { Candidate, Detector } from './detector.ts';
import { createPyramids } from './pyramid.ts';

const input = { width: 320, height: 240, smallest: 16 };
const photo = createPyramids(input).of({ data: new Uint8Array(400 * 300 * 3), width: 400, height: 300 });
const around = (x: number, y: number, side: number, score: number): Candidate => ({
  ...{ left: x - side / 2, top: y - side / 2, right: x + side / 2, bottom: y + side / 2, score },
});

/** A detector that sees the same in whatever it is shown. */
function seeing(...seen: Candidate[]): Detector {
  const numbers = { channels: 'rgb', mean: 127, scale: 128 } as const;
  const spec = {
    ...input,
    ...numbers,
    file: { sha256: '' },
    kind: 'rfb',
    threshold: 0.65,
    overlap: 0.4,
  } as const;
  return { spec, detect: (_, least) => Promise.resolve(seen.filter(({ score }) => score >= least)) };
}

test('four candidates, each upright and turned either way, are told by where they are seen', async () => {
  // Squares of 80 pixels, four in a row: the second candidate turned by −35° is the sixth square.
  const sheet = contactSheetOf(
    seeing(around(120, 120, 28.8, 0.9), around(280, 40, 28.8, 0.5), around(40, 40, 70, 0.9)),
  );
  expect(sheet.places).toBe(4);
  const candidates = [around(50, 60, 24, 0.2), around(200, 100, 24, 0.2), around(300, 200, 24, 0.2)];
  const [first, second, third] = await sheet.show(photo, candidates);
  // Of the first only what is far too large is seen; its fourth square is the second one's first.
  expect(first).toEqual([]);
  expect(third).toEqual([]);
  expect(second?.map(({ score }) => score)).toEqual([0.9, 0.5]);
  expect(second?.map(({ roll }) => Math.round((roll * 180) / Math.PI))).toEqual([-35, 0]);
  for (const { left, right, top, bottom } of second ?? []) {
    expect([(left + right) / 2, (top + bottom) / 2].map(Math.round)).toEqual([200, 100]);
    expect(right - left).toBeCloseTo(24, 1);
  }
});

test('what scores too little there is no face', async () => {
  const sheet = contactSheetOf(seeing(around(40, 40, 28.8, 0.25)));
  expect(await sheet.show(photo, [around(50, 60, 24, 0.2)])).toEqual([[]]);
});
