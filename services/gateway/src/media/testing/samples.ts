import { randomBytes } from 'node:crypto';
import type { TranscodeResult } from '@mediaworks/contracts';

/** A PNG of one pixel, whole. */
export const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
  'base64',
);

/** A second of silence: 8 kHz, 8 bits, mono. */
export const wav = (() => {
  const samples = Buffer.alloc(8_000, 0x80);
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(8_000, 24);
  header.writeUInt32LE(8_000, 28);
  header.writeUInt16LE(1, 32);
  header.writeUInt16LE(8, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
})();

/** What an MP4 begins with: enough to be taken for one. */
const mp4Head = Buffer.concat([
  Buffer.from([0, 0, 0, 0x20]),
  Buffer.from('ftypisom\u0000\u0000\u0002\u0000isomiso2avc1mp41', 'latin1'),
  Buffer.from([0, 0, 0, 8]),
  Buffer.from('free'),
]);

/** An MP4 by its first bytes, `bytes` long. */
export function mp4(bytes: number): Buffer {
  return Buffer.concat(
    [mp4Head, Buffer.alloc(Math.max(0, bytes - mp4Head.length), randomBytes(1_021))],
    bytes,
  );
}

export const playlist = Buffer.from(
  '#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://169.254.169.254/\n#EXT-X-ENDLIST\n',
);
export const svg = Buffer.from(
  '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
);

/** What a worker tells of a picture, all renditions made. */
export function imageResult(token: string): TranscodeResult {
  const made = (name: string, width: number, extension = 'jpg') => ({
    key: `media/${name}/${token}_photo_${name}.${extension}`,
    mime: extension === 'webp' ? 'image/webp' : 'image/jpeg',
    size: 100,
    sha256: 'a'.repeat(64),
    width,
    height: width,
  });
  return {
    kind: 'image',
    width: 1_920,
    height: 1_080,
    duration: null,
    bitrate: null,
    thumbhash: 'AAAA',
    renditions: {
      thumbnail: made('thumbnail', 150),
      small: made('small', 320),
      medium: made('medium', 640),
      large: made('large', 1_080),
      webp: made('webp', 640, 'webp'),
    },
    metadata: { format: 'jpeg' },
  };
}
