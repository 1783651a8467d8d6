import { mirror } from './align.ts';
import type { Models } from './describe-photo.ts';
import { cosine } from './embedder.ts';
import type { EmbedderSpec } from './model-set.ts';
import type { Reading } from './read-faces.ts';
import type { Picture } from './sampling.ts';
import { confirm } from './second-look.ts';

/** Score of the detector that needs no confirmation, where the embedder is sure. */
const CERTAIN = 0.9;
/** Mean score of the further looks at what is not. */
const CONFIRMED = 0.75;

/** Of a set without figures: anything may be a face, and the detector is asked again about each. */
const noFigures = { least: Number.MIN_VALUE, sure: Infinity, mirrored: -1 };

export const faceFigures = ({ faces }: EmbedderSpec): typeof noFigures => faces ?? noFigures;

/** Those that are faces, of what the detector took for one: see `faces` of an embedder in model-set.ts. */
export async function tellFaces(
  { detector, embedder }: Models,
  photo: Picture,
  readings: readonly Reading[],
  signal: AbortSignal,
): Promise<Reading[]> {
  const { least, sure, mirrored } = faceFigures(embedder.spec);
  const isSure = ({ norm, face }: Reading) => norm >= sure && face.score >= CERTAIN;
  const doubtful = readings.filter((reading) => !isSure(reading) && reading.norm >= least);
  const images = await embedder.embed(
    mirrored > -1 ? doubtful.map(({ aligned }) => mirror(aligned)) : [],
    signal,
  );
  const confirmed = new Set<Reading>();
  for (const [n, reading] of doubtful.entries()) {
    const image = images[n];
    if (image && cosine(reading.embedding, image.embedding) < mirrored) continue;
    signal.throwIfAborted();
    if ((await confirm(detector, photo, reading.face)) >= CONFIRMED) confirmed.add(reading);
  }
  return readings.filter((reading) => isSure(reading) || confirmed.has(reading));
}
