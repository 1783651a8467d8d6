/** A photo's face: whose it is, and its embedding. */
export interface Sample {
  readonly person: string;
  readonly embedding: Float32Array;
}

export interface Accuracy {
  readonly pairs: number;
  /** Share of pairs told right, each tenth at the cosine that is best for the other nine. */
  readonly verification: number;
  /** Share of same pairs above the cosine that one in a thousand different pairs reaches. */
  readonly tarAtFar3: number;
  readonly persons: number;
  /** Share of enrolled persons' photos whose nearest person is the right one. */
  readonly rank1: number;
  readonly strangers: number;
  /** Share named rightly, at the cosine that one stranger in a hundred reaches; and that cosine. */
  readonly openSet: number;
  readonly openSetAt: number;
  /** Of the logistic curve through the pairs: for a model set's calibration. */
  readonly slope: number;
  readonly cut: number;
}

/** Photos that are enrolled of each person. */
const ENROLLED = 2;

/** @param pairs that are compared of each kind, same and different, at most */
export function measure(samples: readonly Sample[], pairs: number): Accuracy {
  const byPerson = new Map<string, Sample[]>();
  for (const sample of samples) byPerson.set(sample.person, [...(byPerson.get(sample.person) ?? []), sample]);
  const [same, different] = drawPairs([...byPerson.values()], pairs);
  const known = [...byPerson.values()].filter((photos) => photos.length > ENROLLED);
  const strangers = [...byPerson.values()].filter((photos) => photos.length <= ENROLLED).flat();
  const nearest = (embedding: Float32Array) => {
    let best = { person: '', similarity: -1 };
    for (const photos of known) {
      for (const enrolled of photos.slice(0, ENROLLED)) {
        const similarity = cosine(embedding, enrolled.embedding);
        if (similarity > best.similarity) best = { person: enrolled.person, similarity };
      }
    }
    return best;
  };
  const probes = known.flatMap((photos) => photos.slice(ENROLLED));
  const answers = probes.map(({ person, embedding }) => ({ person, best: nearest(embedding) }));
  const right = answers.filter(({ person, best }) => best.person === person);
  const openSetAt = highest(
    strangers.map(({ embedding }) => nearest(embedding).similarity),
    0.01,
  );
  const far3 = highest(different, 0.001);
  return {
    pairs: same.length + different.length,
    verification: tenfold(same, different),
    tarAtFar3: share(same, (value) => value > far3),
    persons: known.length,
    rank1: right.length / answers.length,
    strangers: strangers.length,
    openSet: right.filter(({ best }) => best.similarity > openSetAt).length / answers.length,
    openSetAt,
    ...logistic(same, different),
  };
}

function drawPairs(groups: readonly (readonly Sample[])[], most: number): [number[], number[]] {
  const next = random(1);
  const several = groups.filter((photos) => photos.length > 1);
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(next() * list.length)];
  const [same, different]: [number[], number[]] = [[], []];
  for (let n = 0; n < most && several.length > 0 && groups.length > 1; n++) {
    const photos = pick(several) ?? [];
    const one = pick(photos);
    const other = pick(photos.filter((photo) => photo !== one));
    if (one && other) same.push(cosine(one.embedding, other.embedding));
    const group = pick(groups);
    const [a, b] = [pick(group ?? []), pick(pick(groups.filter((another) => another !== group)) ?? [])];
    if (a && b) different.push(cosine(a.embedding, b.embedding));
  }
  return [same, different];
}

function tenfold(same: readonly number[], different: readonly number[]): number {
  let right = 0;
  for (let fold = 0; fold < 10; fold++) {
    const [inFold, others] = [
      (_: number, n: number) => n % 10 === fold,
      (_: number, n: number) => n % 10 !== fold,
    ];
    const at = bestCut(same.filter(others), different.filter(others));
    right += same.filter(inFold).filter((value) => value >= at).length;
    right += different.filter(inFold).filter((value) => value < at).length;
  }
  return right / (same.length + different.length);
}

function bestCut(same: readonly number[], different: readonly number[]): number {
  const all = [
    ...same.map((value) => ({ value, gain: -1 })),
    ...different.map((value) => ({ value, gain: 1 })),
  ];
  all.sort((a, b) => a.value - b.value);
  let [right, most, at] = [same.length, same.length, -1];
  for (const [n, { value, gain }] of all.entries()) {
    right += gain;
    if (right > most) [most, at] = [right, (value + (all[n + 1]?.value ?? value)) / 2];
  }
  return at;
}

/** Newton's method on the likelihood of "same" as a logistic curve of the cosine. */
function logistic(same: readonly number[], different: readonly number[]): { slope: number; cut: number } {
  let [slope, offset] = [10, -4];
  const all = [...same.map((value) => [value, 1] as const), ...different.map((value) => [value, 0] as const)];
  for (let step = 0; step < 50; step++) {
    let [g0, g1, h00, h01, h11] = [0, 0, 1e-6, 0, 1e-6];
    for (const [value, is] of all) {
      const p = 1 / (1 + Math.exp(-(slope * value + offset)));
      const weight = Math.max(1e-9, p * (1 - p));
      g0 += is - p;
      g1 += (is - p) * value;
      h00 += weight;
      h01 += weight * value;
      h11 += weight * value * value;
    }
    const determinant = h00 * h11 - h01 * h01;
    offset += Math.max(-2, Math.min(2, (h11 * g0 - h01 * g1) / determinant));
    slope += Math.max(-5, Math.min(5, (h00 * g1 - h01 * g0) / determinant));
  }
  return { slope, cut: -offset / slope };
}

/** The value that a share of all exceed. */
function highest(values: readonly number[], part: number): number {
  return [...values].sort((a, b) => b - a)[Math.floor(values.length * part)] ?? -1;
}

const share = (values: readonly number[], test: (value: number) => boolean) =>
  values.filter(test).length / values.length;

function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let n = 0; n < a.length; n++) sum += (a[n] ?? 0) * (b[n] ?? 0);
  return sum;
}

/** Numerical Recipes' linear congruence: the same pairs every time. */
export function random(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}
