import { describe, expect, test } from '@jest/globals';
import { chooseFace } from './choose-face.ts';
import type { Face } from './engine/index.ts';

const face = (size: number, blurred = false): Face => ({
  box: { x: size, y: 0, w: size, h: size },
  landmarks: [],
  score: 0.9,
  quality: { size, blurred, sharpness: 1, prominence: 0.5 },
  embedding: new Float32Array(2),
});

const refusal = (faces: readonly Face[], wanted: number | null = null): unknown => {
  try {
    return chooseFace(faces, wanted);
  } catch (error) {
    return error;
  }
};

describe('the face that a person is to be known by', () => {
  test('is the only one, or the one before a background', () => {
    const [only, small] = [face(100), face(49)];
    expect(chooseFace([only], null)).toBe(only);
    expect(chooseFace([only, small], null)).toBe(only);
    expect(chooseFace([small, only], null)).toBe(only);
  });

  test('is never guessed among several', () => {
    const answer = refusal([face(100), face(20), face(50)]);
    expect(answer).toMatchObject({
      code: 'several_faces',
      message: expect.stringContaining('0 at 100,0 (100×100), 2 at 50,0 (50×50)'),
    });
  });

  test('can be picked, the background too', () => {
    const faces = [face(100), face(20), face(90)];
    expect(chooseFace(faces, 1)).toBe(faces[1]);
    expect(refusal(faces, 3)).toMatchObject({ code: 'no_such_face' });
    expect(refusal([faces[0] ?? face(1)], 1)).toMatchObject({
      message: 'The photo shows 1 face: there is no face 1',
    });
  });

  test('is there, and sharp enough', () => {
    expect(refusal([])).toMatchObject({ code: 'no_face' });
    expect(refusal([], 0)).toMatchObject({ code: 'no_face' });
    expect(refusal([face(100, true)])).toMatchObject({ code: 'blurred' });
    expect(refusal([face(100, true), face(90)], 0)).toMatchObject({ code: 'blurred' });
  });
});
