import { writeFile } from 'node:fs/promises';
import { PermanentError } from '@mediaworks/contracts';
import { type MediaProbe, renderImage, writeStill } from '@mediaworks/media';

/**
 * Writes the picture of a video as a JPEG of at most 1,080 pixels a side: TikTok's own where it is one that can be read,
 * whatever its name and type say, otherwise the video's first frame.
 * @param given path of TikTok's picture, where there is one
 * @throws PermanentError `no_frames` when the video shows nothing either; the signal's reason
 */
export async function makeThumbnail(
  given: string | undefined,
  video: { path: string; probe: MediaProbe },
  target: string,
  signal: AbortSignal,
): Promise<string> {
  const picture = given === undefined ? undefined : await redraw(given, signal);
  if (picture === undefined) await writeStill(video.path, 0, target, { probe: video.probe, signal });
  else await writeFile(target, picture);
  return target;
}

/** undefined for what is no picture: a thumbnail is not worth a video. */
async function redraw(path: string, signal: AbortSignal): Promise<Buffer | undefined> {
  try {
    const { large } = (await renderImage(path, { signal })).renditions;
    return large.mime === 'image/jpeg' ? large.data : undefined;
  } catch (error) {
    if (error instanceof PermanentError) return undefined;
    throw error;
  }
}
