import { keyName } from '../files/file-name.ts';

const ID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const OF_PHOTO = new RegExp(`^(photos|persons)/user_\\d+/(${ID})_`);

export const PHOTO_PREFIXES = ['photos/', 'persons/', 'verify/'] as const;

/** Where a photo of a batch lies. */
export const photoKey = (ownerId: number, id: string, filename: string): string =>
  `photos/user_${ownerId}/${id}_${keyName(filename)}`;

/** Where a photo of a person lies. */
export const personPhotoKey = (ownerId: number, id: string, filename: string): string =>
  `persons/user_${ownerId}/${id}_${keyName(filename)}`;

/** Where a photo lies that is compared with another and forgotten. */
export const verifyKey = (ownerId: number, id: string, filename: string): string =>
  `verify/user_${ownerId}/${id}_${keyName(filename)}`;

/** The photo that an object was stored for; undefined when no row ever names it. */
export function photoOf(key: string): { table: 'photos' | 'person_photos'; id: string } | undefined {
  const [, folder, id] = OF_PHOTO.exec(key) ?? [];
  return id === undefined ? undefined : { table: folder === 'photos' ? 'photos' : 'person_photos', id };
}
