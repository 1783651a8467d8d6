import type { FaceMatch, FoundFace } from '@mediaworks/contracts';
import { type Calibration, confidence, type Face } from './engine/index.ts';
import type { PersonSearch } from './galleries.ts';

const MATCHES = 3;

const rounded = (value: number, digits: number) => Math.round(value * 10 ** digits) / 10 ** digits;

/** What is told of a face; never what tells it from others. */
export function presentFace({ box, landmarks, score, quality }: Face): FoundFace {
  return {
    box: { x: rounded(box.x, 1), y: rounded(box.y, 1), w: rounded(box.w, 1), h: rounded(box.h, 1) },
    landmarks: landmarks.map(([x, y]): [number, number] => [rounded(x, 1), rounded(y, 1)]),
    score: rounded(score, 4),
    quality: {
      sharpness: rounded(quality.sharpness, 4),
      size: rounded(quality.size, 1),
      blurred: quality.blurred,
      prominence: rounded(quality.prominence, 4),
    },
  };
}

/** Percent, with one decimal. Rounded down, so that nothing below a threshold shows as being at it. */
export function presentConfidence(calibration: Calibration, similarity: number, persons: number): number {
  return Math.floor(confidence(calibration, similarity, persons) * 10) / 10;
}

/** The three persons of a gallery that a face is most like. */
export async function presentMatches(
  face: Face,
  gallery: PersonSearch,
  calibration: Calibration,
): Promise<FaceMatch[]> {
  const best = await gallery.top(face.embedding, MATCHES);
  return best.map(({ person, similarity }) => ({
    person_id: person,
    similarity: rounded(similarity, 4),
    confidence: presentConfidence(calibration, similarity, gallery.persons),
  }));
}
