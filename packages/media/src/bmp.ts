import { exec, ExecError, ExecTimeoutError } from '@mediaworks/runtime/exec';
import { corruptImage, tookTooLong, unsupportedImage } from './image-errors.ts';
import type { ImageLimits } from './image-limits.ts';
import type { PixelSize } from './image-sizes.ts';
import { fileUrl } from './ffmpeg-command.ts';
import { ffmpegPath } from './ffmpeg-path.ts';
import { fillFrom, pixelFile } from './pixel-file.ts';

export interface BmpHeader extends PixelSize {
  readonly bitsPerPixel: number;
}

const MEMORY_BASE = 512 * 2 ** 20;

/**
 * Reads the size from a BMP's head (BITMAPCOREHEADER or BITMAPINFOHEADER; a negative height means top-down).
 * @throws PermanentError `corrupt_media`, and `unsupported_media` for a JPEG or PNG in a BMP's clothes (made for
 * printers, and by nobody else).
 */
export function readBmpHeader(head: Buffer): BmpHeader {
  if (head.length < 26) throw corruptImage();
  const core = head.readUInt32LE(14) === 12;
  if (!core && head.length < 34) throw corruptImage();
  const width = core ? head.readUInt16LE(18) : head.readInt32LE(18);
  const height = core ? head.readUInt16LE(20) : Math.abs(head.readInt32LE(22));
  if (width < 1 || height < 1) throw corruptImage();
  const compression = core ? 0 : head.readUInt32LE(30);
  if (compression === 4 || compression === 5) throw unsupportedImage();
  return { width, height, bitsPerPixel: head.readUInt16LE(core ? 24 : 28) };
}

/**
 * Decodes a BMP into a TIFF in memory. sharp reads no BMP; ffmpeg does.
 * @param input path of the file.
 * @throws PermanentError `corrupt_media`, `took_too_long`, or the signal's reason.
 */
export async function decodeBmp(
  input: string,
  header: BmpHeader,
  limits: ImageLimits,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const channels = header.bitsPerPixel === 32 ? 4 : 3;
  const { file, pixels } = pixelFile({ width: header.width, height: header.height, channels });
  const args = [
    ...['-nostdin', '-hide_banner', '-loglevel', 'error', '-xerror'],
    ...[
      '-protocol_whitelist',
      'file,pipe',
      '-format_whitelist',
      'bmp_pipe',
      '-max_pixels',
      String(limits.pixels),
    ],
    ...['-threads', '1', '-f', 'bmp_pipe', '-i', fileUrl(input)],
    ...['-frames:v', '1', '-f', 'rawvideo', '-pix_fmt', channels === 4 ? 'rgba' : 'rgb24', 'pipe:1'],
  ];
  let filled = 0;
  try {
    await exec(ffmpegPath(), args, {
      ...(signal ? { signal } : {}),
      timeoutMs: limits.timeoutMs,
      limits: { fileBytes: 0, memoryBytes: MEMORY_BASE + pixels.length * 4 },
      onStdout: async (stdout) => {
        filled = await fillFrom(stdout, pixels);
      },
    });
  } catch (error) {
    if (error instanceof ExecTimeoutError) throw tookTooLong({ cause: error });
    if (error instanceof ExecError) throw corruptImage({ cause: error });
    throw error;
  }
  if (filled !== pixels.length) throw corruptImage();
  return file;
}
