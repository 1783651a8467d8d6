import { PermanentError } from '@mediaworks/contracts';
import type { Face } from './engine/index.ts';

/** Someone half as large as the largest face may be whom the photo is of; smaller ones stand in the background. */
const BACKGROUND = 0.5;

/**
 * The face of a photo that is meant.
 * @param faces the most prominent first
 * @param wanted its place among them; null when the photo should leave no doubt
 * @throws PermanentError `no_face`, `no_such_face`, `several_faces`, `blurred`
 */
export function chooseFace(faces: readonly Face[], wanted: number | null): Face {
  const [first] = faces;
  if (!first) throw new PermanentError('no_face', 'There is no face on the photo');
  const chosen = wanted === null ? onlyOne(faces, first) : faces[wanted];
  if (!chosen) {
    const message = `The photo shows ${faces.length} ${faces.length === 1 ? 'face' : 'faces'}: there is no face ${wanted}`;
    throw new PermanentError('no_such_face', message);
  }
  if (chosen.quality.blurred)
    throw new PermanentError('blurred', 'The face is too blurred to be recognised by');
  return chosen;
}

function onlyOne(faces: readonly Face[], first: Face): Face {
  const largest = Math.max(...faces.map(({ quality }) => quality.size));
  const possible = faces.flatMap((face, n) => (face.quality.size >= largest * BACKGROUND ? { face, n } : []));
  if (possible.length === 1) return possible[0]?.face ?? first;
  const places = possible.map(({ face: { box }, n }) => {
    const [x, y, w, h] = [box.x, box.y, box.w, box.h].map(Math.round);
    return `${n} at ${x},${y} (${w}×${h})`;
  });
  throw new PermanentError(
    'several_faces',
    `The photo shows several faces: choose one with ?face=, which may be ${places.join(', ')}`,
  );
}
