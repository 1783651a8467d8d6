import { describe, expect, test } from '@jest/globals';
import { bestOf, createDetector } from './detector.ts';
import type { DetectorSpec } from './model-set.ts';
import type { OnnxSession } from './onnx-session.ts';
import { decodeRfb } from './rfb.ts';
import { planScales } from './scales.ts';
import { decodeYunet } from './yunet.ts';

describe('what detectors answer', () => {
  test('RFB: pairs of scores, corners as fractions of the input', () => {
    const outputs = new Map([
      ['scores', Float32Array.of(0.9, 0.1, 0.2, 0.8)],
      ['boxes', Float32Array.of(0, 0, 1, 1, 0.25, 0.5, 0.5, 0.75)],
    ]);
    expect(decodeRfb(outputs, { width: 320, height: 240 }, 0.5)).toEqual([
      { left: 80, top: 120, right: 160, bottom: 180, score: expect.closeTo(0.8, 5) },
    ]);
    expect(() => decodeRfb(new Map(), { width: 320, height: 240 }, 0.5)).toThrow('not of the kind rfb');
  });

  test('YuNet: cells of three strides, with five points', () => {
    const outputs = new Map<string, Float32Array>();
    for (const stride of [8, 16, 32]) {
      const cells = (64 / stride) ** 2;
      for (const [name, width] of [
        ['cls', 1],
        ['obj', 1],
        ['bbox', 4],
        ['kps', 10],
      ] as const)
        outputs.set(`${name}_${stride}`, new Float32Array(cells * width));
    }
    // The cell in the second row and third column of stride 16.
    const cell = 1 * 4 + 2;
    outputs.get('cls_16')?.set([0.64], cell);
    outputs.get('obj_16')?.set([1.5], cell);
    outputs.get('bbox_16')?.set([0.5, 0.25, Math.log(2), Math.log(3)], cell * 4);
    outputs.get('kps_16')?.set([0, 0, 1, 0, 0.5, 0.5, 0, 1, 1, 1], cell * 10);
    expect(decodeYunet(outputs, { width: 64 }, 0.5)).toEqual([
      {
        ...{ left: expect.closeTo(24, 4), top: expect.closeTo(-4, 4) },
        ...{ right: expect.closeTo(56, 4), bottom: expect.closeTo(44, 4) },
        score: expect.closeTo(0.8, 5),
        points: [
          [32, 16],
          [48, 16],
          [40, 24],
          [32, 32],
          [48, 32],
        ],
      },
    ]);
    expect(() => decodeYunet(new Map(), { width: 64 }, 0.5)).toThrow('not of the kind yunet');
  });

  test('of boxes that overlap the best is kept', () => {
    const box = (left: number, score: number) => ({ left, top: 0, right: left + 10, bottom: 10, score });
    expect(bestOf([box(0, 0.7), box(1, 0.9), box(8, 0.8)], 0.4).map(({ left }) => left)).toEqual([1, 8]);
  });
});

test.each([
  ['rgb', [10, 20, 30]],
  ['bgr', [30, 20, 10]],
] as const)(
  'a detector sees planes of numbers in the order %s, and grey beyond the edges',
  async (channels, order) => {
    let seen = new Float32Array();
    const session: OnnxSession = {
      run: (data) => {
        seen = Float32Array.from(data);
        return Promise.resolve(
          new Map([
            ['scores', new Float32Array()],
            ['boxes', new Float32Array()],
          ]),
        );
      },
      close: () => Promise.resolve(),
    };
    const spec: DetectorSpec = {
      ...{ file: { sha256: '' }, kind: 'rfb', width: 4, height: 2, channels, mean: 2, scale: 4 },
      ...{ threshold: 0.5, overlap: 0.4, smallest: 10 },
    };
    const picture = { data: Uint8Array.of(0, 0, 0, 10, 20, 30), width: 2, height: 1 };
    await createDetector(session, spec).detect({ picture, x: 1, y: 0 }, 0.5);
    expect([0, 8, 16].map((plane) => seen[plane])).toEqual(order.map((value) => (value - 2) / 4));
    expect(seen[1]).toBe((127 - 2) / 4);
  },
);

describe('planScales', () => {
  const input = { width: 320, height: 240, smallest: 16 };

  test('looks at a small photo once, whole', () => {
    expect(planScales({ width: 250, height: 250 }, input)).toEqual([
      { width: 240, height: 240, views: [{ x: 0, y: 0 }] },
    ]);
    expect(planScales({ width: 20, height: 20 }, input)).toEqual([
      { width: 40, height: 40, views: [{ x: 0, y: 0 }] },
    ]);
  });

  test.each([
    [1632, 1224],
    [8660, 5773],
    [30_000, 200],
    [1, 5_000],
  ])(
    'covers a photo of %d × %d with tiles, the smallest faces large enough for the detector',
    (width, height) => {
      const scales = planScales({ width, height }, input);
      expect((24 * (scales[0]?.width ?? 0)) / width).toBeGreaterThan(width === 1 ? 0 : 15.5);
      for (const [n, scale] of scales.entries()) {
        const covered = (at: number, side: number, axis: 'x' | 'y') =>
          scale.views.some((view) => view[axis] <= at && at < view[axis] + side);
        for (let x = 0; x < scale.width; x += 16) expect(covered(x, 320, 'x')).toBe(true);
        for (let y = 0; y < scale.height; y += 16) expect(covered(y, 240, 'y')).toBe(true);
        const next = scales[n + 1];
        if (next)
          expect(Math.max(scale.width, scale.height) / Math.max(next.width, next.height)).toBeLessThan(4.1);
        else expect(scale.views).toEqual([{ x: 0, y: 0 }]);
      }
    },
  );
});
