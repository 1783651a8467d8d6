import { describe, expect, test } from '@jest/globals';
import { createByteDots } from './byte-dots.ts';
import { createGallery, type GalleryEntry, type GalleryMatch } from './gallery.ts';
import { groupUnknowns } from './group-unknowns.ts';

/** The same directions every time: Numerical Recipes' linear congruence, twelve of them a number. */
function directions(seed: number, dimensions: number): () => Float32Array {
  let state = seed;
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  return () => {
    const vector = Float32Array.from({ length: dimensions }, () => {
      let sum = -6;
      for (let n = 0; n < 12; n++) sum += next();
      return sum;
    });
    return unit(vector);
  };
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

const near = (vector: Float32Array, other: Float32Array, share: number) =>
  unit(vector.map((value, n) => value * (1 - share) + (other[n] ?? 0) * share));

const cosine = (a: Float32Array, b: Float32Array) =>
  a.reduce((sum, value, n) => sum + value * (b[n] ?? 0), 0);

/** Compares with every embedding. */
function naive(entries: readonly GalleryEntry[], query: Float32Array, count: number): GalleryMatch[] {
  const best = new Map<string, GalleryMatch>();
  for (const { id, person, embedding } of entries) {
    const similarity = cosine(embedding, query);
    if (similarity > (best.get(person)?.similarity ?? -Infinity))
      best.set(person, { person, id, similarity });
  }
  return [...best.values()].sort((a, b) => b.similarity - a.similarity).slice(0, count);
}

function expectSame(found: readonly GalleryMatch[], expected: readonly GalleryMatch[]): void {
  expect(found.map(({ id, person }) => ({ id, person }))).toEqual(
    expected.map(({ id, person }) => ({ id, person })),
  );
  for (const [n, { similarity }] of found.entries())
    expect(similarity).toBeCloseTo(expected[n]?.similarity ?? NaN, 5);
}

describe.each([512, 128, 20])('a gallery of %d dimensions', (dimensions) => {
  const draw = directions(dimensions, dimensions);
  const entries = Array.from({ length: 1_500 }, (_, n): GalleryEntry => ({
    id: `e${n}`,
    person: `p${n % 400}`,
    embedding: draw(),
  }));
  const queries = [
    ...Array.from({ length: 20 }, draw),
    ...entries.slice(0, 20).map(({ embedding }) => near(embedding, draw(), 0.4)),
    // Two that are almost equally far: rounding must not decide.
    ...entries
      .slice(20, 30)
      .map(({ embedding }, n) => near(embedding, entries[n + 50]?.embedding ?? embedding, 0.5)),
  ];

  test('finds what a naive scan finds', () => {
    const gallery = createGallery(dimensions);
    gallery.replace(entries);
    expect([gallery.size, gallery.persons]).toEqual([1_500, 400]);
    for (const query of queries) expectSame(gallery.top(query, 3), naive(entries, query, 3));
  });

  test('and does so whatever was added, removed and replaced since', () => {
    const gallery = createGallery(dimensions);
    let held: GalleryEntry[] = [];
    for (const [n, entry] of entries.entries()) {
      gallery.add(entry);
      held.push(entry);
      if (n % 3 === 0) {
        const gone = held.splice((n * 7) % held.length, 1)[0];
        expect(gallery.remove(gone?.id ?? '')).toBe(true);
      }
      if (n % 50 === 0) {
        const changed = { id: held[0]?.id ?? entry.id, person: 'changed', embedding: draw() };
        gallery.add(changed);
        held = [...held.filter(({ id }) => id !== changed.id), changed];
      }
    }
    expect(gallery.size).toBe(held.length);
    expect(gallery.persons).toBe(new Set(held.map(({ person }) => person)).size);
    for (const query of queries) expectSame(gallery.top(query, 3), naive(held, query, 3));
  });
});

describe('a gallery', () => {
  const draw = directions(7, 64);

  test('of nobody knows nobody', () => {
    expect(createGallery(64).top(draw(), 3)).toEqual([]);
    expect(createGallery(64).remove('nobody')).toBe(false);
  });

  test('of one person answers one, by the best of the embeddings', () => {
    const gallery = createGallery(64);
    const [one, other] = [draw(), draw()];
    gallery.add({ id: 'a', person: 'P', embedding: one });
    gallery.add({ id: 'b', person: 'P', embedding: other });
    expect(gallery.top(other, 3)).toEqual([{ person: 'P', id: 'b', similarity: expect.closeTo(1, 5) }]);
  });

  test('is empty when its last embedding goes', () => {
    const gallery = createGallery(64);
    gallery.add({ id: 'a', person: 'P', embedding: draw() });
    gallery.remove('a');
    expect([gallery.size, gallery.persons, gallery.top(draw(), 3)]).toEqual([0, 0, []]);
  });

  test('takes no embedding of another model', () => {
    expect(() => createGallery(64).add({ id: 'a', person: 'P', embedding: new Float32Array(63) })).toThrow(
      RangeError,
    );
  });

  test('survives numbers that are none', () => {
    const gallery = createGallery(64);
    gallery.add({ id: 'zero', person: 'Z', embedding: new Float32Array(64) });
    expect(gallery.top(new Float32Array(64), 1)).toEqual([{ person: 'Z', id: 'zero', similarity: 0 }]);
  });
});

test('products of bytes are exact', () => {
  const bytes = createByteDots(32);
  bytes.reserve(3);
  bytes.rows().set(Array.from({ length: 96 }, (_, n) => ((n * 37) % 255) - 127));
  bytes.reserve(5_000);
  const query = Int16Array.from({ length: 32 }, (_, n) => n * 500 - 8_000);
  const expected = [0, 1, 2].map((row) =>
    query.reduce((sum, value, n) => sum + value * (((row * 32 + n) * 37) % 255) - value * 127, 0),
  );
  expect([...bytes.dots(query, 3)]).toEqual(expected);
});

describe('groupUnknowns', () => {
  const calibration = { slope: 30.8, offset: 9.09, floor: 0.36 };
  const draw = directions(11, 128);
  const [ann, bob] = [draw(), draw()];
  const shot = (of: Float32Array, photo: string) => ({ photo, embedding: near(of, draw(), 0.3) });

  test('puts together who is alike, the largest group first', () => {
    const faces = [
      shot(bob, '1'),
      shot(ann, '2'),
      shot(ann, '3'),
      shot(draw(), '4'),
      shot(bob, '5'),
      shot(ann, '6'),
    ];
    expect(groupUnknowns(faces, calibration)).toEqual([[1, 2, 5], [0, 4], [3]]);
  });

  test('two faces of one photo are two people, however alike', () => {
    expect(groupUnknowns([shot(ann, '1'), shot(ann, '1'), shot(ann, '2')], calibration)).toHaveLength(2);
  });

  test('of no faces makes no groups', () => {
    expect(groupUnknowns([], calibration)).toEqual([]);
  });
});
