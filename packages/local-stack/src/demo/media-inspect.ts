import { readFile } from 'node:fs/promises';
import { probe } from '@mediaworks/media';
import sharp from 'sharp';

/** What a file on disk really is, whatever its name says. */
export interface Inspection {
  bytes: number;
  width: number | undefined;
  height: number | undefined;
  codec: string;
  hasAlpha: boolean;
  hasMetadata: boolean;
  frames: number;
  sampleRate: number | undefined;
  /** Bits per second. */
  bitrate: number | undefined;
}

/** Asks sharp for pictures and ffprobe for the rest. */
export async function inspect(path: string, mime: string): Promise<Inspection> {
  const bytes = await readFile(path);
  if (mime.startsWith('image/')) {
    const { width, pageHeight, height, format, hasAlpha, pages, exif, xmp, iptc } = await sharp(bytes, {
      animated: true,
    }).metadata();
    return {
      bytes: bytes.length,
      width,
      height: pageHeight ?? height,
      codec: format,
      hasAlpha,
      hasMetadata: (exif ?? xmp ?? iptc) !== undefined,
      frames: pages ?? 1,
      sampleRate: undefined,
      bitrate: undefined,
    };
  }
  const probed = await probe(path);
  const [video] = probed.videos;
  const [audio] = probed.audios;
  return {
    bytes: bytes.length,
    width: video?.width,
    height: video?.height,
    codec: [video?.codec, audio?.codec].filter((codec) => codec).join(' + '),
    hasAlpha: false,
    hasMetadata: false,
    frames: 1,
    sampleRate: audio?.sampleRate ?? undefined,
    bitrate: audio?.bitrate ?? probed.bitrate ?? undefined,
  };
}
