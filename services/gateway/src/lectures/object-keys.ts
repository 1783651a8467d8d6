import { lectureKeys } from '@mediaworks/contracts';
import { keyName } from '../files/file-name.ts';

/** Where a lecture's video lies. */
export const videoKey = (id: string, filename: string): string => `videos/${id}/${keyName(filename)}`;

/** Where its uploaded subtitles lie; not below the video's folder, where a video may have any name. */
export const captionsKey = (id: string, filename: string): string => `captions/${id}/${keyName(filename)}`;

export const LECTURE_PREFIXES = [
  'videos/',
  'captions/',
  'stages/',
  'pdfs/',
  'subtitles/',
  'manifests/',
] as const;

const ID = '([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})';
const OF_LECTURE = new RegExp(`^(?:(?:videos|captions|stages)/${ID}/|(?:pdfs|subtitles|manifests)/${ID}\\.)`);

/** The lecture that an object was stored for; undefined when it is none of ours. */
export function lectureOf(key: string): string | undefined {
  const match = OF_LECTURE.exec(key);
  return match?.[1] ?? match?.[2];
}

export const outputKeys = (id: string): string[] => Object.values(lectureKeys(id));
