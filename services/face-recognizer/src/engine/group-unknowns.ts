import { cut } from './confidence.ts';
import { cosine } from './embedder.ts';
import type { Calibration } from './face.ts';

export interface UnknownFace {
  /** Of the photo that shows it: two faces of one photo are two people. */
  readonly photo: string;
  /** Of length 1. */
  readonly embedding: Float32Array;
}

/**
 * Puts together the faces of nobody known that seem to be one person: the two groups that are most alike become one, as
 * long as their faces are as alike, in the mean, as it takes to give a name among so many.
 * @returns groups of indices into `faces`, each in order; the largest first, then the one that begins first
 */
export function groupUnknowns(faces: readonly UnknownFace[], calibration: Calibration): number[][] {
  const least = cut(calibration, faces.length);
  const groups = faces.map(({ photo }, index) => ({ members: [index], photos: new Set([photo]) }));
  // Sums of cosines between the members of two groups; a group that went into another has no row any more.
  const sums = faces.map(({ embedding }) =>
    Float64Array.from(faces, (other) => cosine(embedding, other.embedding)),
  );
  const alive = new Set(faces.keys());
  const likeness = (a: number, b: number): number => {
    const [one, other] = [groups[a], groups[b]];
    if (!one || !other || [...one.photos].some((photo) => other.photos.has(photo))) return -Infinity;
    return (sums[a]?.[b] ?? 0) / (one.members.length * other.members.length);
  };
  const nearest = faces.map(() => ({ group: -1, likeness: -Infinity }));
  const find = (group: number) => {
    let best = { group: -1, likeness: -Infinity };
    for (const other of alive) {
      if (other === group) continue;
      const alike = likeness(group, other);
      if (alike > best.likeness) best = { group: other, likeness: alike };
    }
    nearest[group] = best;
  };
  for (const group of alive) find(group);
  for (;;) {
    let best = { into: -1, from: -1, likeness: least };
    for (const group of alive) {
      const near = nearest[group];
      if (
        near &&
        near.group >= 0 &&
        near.likeness >= best.likeness &&
        (best.into < 0 || near.likeness > best.likeness)
      )
        best = {
          into: Math.min(group, near.group),
          from: Math.max(group, near.group),
          likeness: near.likeness,
        };
    }
    const [into, from] = [groups[best.into], groups[best.from]];
    if (!into || !from) break;
    into.members.push(...from.members);
    for (const photo of from.photos) into.photos.add(photo);
    alive.delete(best.from);
    for (const other of alive) {
      const sum = (sums[best.into]?.[other] ?? 0) + (sums[best.from]?.[other] ?? 0);
      const [row, column] = [sums[best.into], sums[other]];
      if (row) row[other] = sum;
      if (column) column[best.into] = sum;
    }
    find(best.into);
    for (const other of alive) {
      const near = nearest[other];
      if (near && (near.group === best.into || near.group === best.from)) find(other);
    }
  }
  return [...alive]
    .map((group) => [...(groups[group]?.members ?? [])].sort((a, b) => a - b))
    .sort((a, b) => b.length - a.length || (a[0] ?? 0) - (b[0] ?? 0));
}
