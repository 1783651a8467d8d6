import { createRequire } from 'node:module';
import type { Readable } from 'node:stream';
import { exec, ExecError, ExecTimeoutError } from '@mediaworks/runtime/exec';
import { corruptImage, tookTooLong, tooManyPixels } from './image-errors.ts';
import type { ImageLimits } from './image-limits.ts';
import { fillFrom, pixelFile } from './pixel-file.ts';

/**
 * Runs in a process of its own: libheif is WebAssembly that blocks its thread for seconds, cannot be interrupted,
 * and keeps the memory that it once took. Writes width, height and channels (u32, little-endian each), then the
 * pixels of the primary picture. `irot`, `imir` and `clap` are applied by libheif.
 */
const CHILD = `
console.log = console.error; // libheif-js reports its errors there, and stdout is for pixels
const [, libheifPath, input, maxPixels] = process.argv;
const libheif = require(libheifPath);
const images = new libheif.HeifDecoder().decode(require('node:fs').readFileSync(input));
const image = images.find((one) => one.is_primary()) ?? images[0];
if (!image) process.exit(3);
const width = image.get_width(), height = image.get_height();
if (width * height > Number(maxPixels)) process.exit(4);
image.display({ data: new Uint8ClampedArray(width * height * 4), width, height }, (shown) => {
  if (!shown) process.exit(3);
  const { data } = shown;
  const channels = image.has_alpha_channel() ? 4 : 3;
  if (channels === 3) {
    for (let from = 0, to = 0; from < data.length; from += 4) {
      data[to++] = data[from];
      data[to++] = data[from + 1];
      data[to++] = data[from + 2];
    }
  }
  const head = Buffer.from(new Uint32Array([width, height, channels]).buffer);
  process.stdout.write(head);
  process.stdout.write(data.subarray(0, width * height * channels));
});
`;

const HEAD_BYTES = 12;

/**
 * Decodes a HEIC, upright, into a TIFF in memory with the colour profile given.
 * @param input path of the file.
 * @throws PermanentError `corrupt_media`, `too_many_pixels`, `took_too_long`, or the signal's reason.
 */
export async function decodeHeic(
  input: string,
  icc: Buffer | undefined,
  limits: ImageLimits,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const libheif = createRequire(import.meta.url).resolve('libheif-js/wasm-bundle');
  let file: Buffer | undefined;
  try {
    await exec(process.execPath, ['-e', CHILD, libheif, input, String(limits.pixels)], {
      ...(signal ? { signal } : {}),
      timeoutMs: limits.timeoutMs,
      limits: { fileBytes: 0 },
      onStdout: async (stdout) => {
        file = await readPicture(stdout, icc, limits);
      },
    });
  } catch (error) {
    if (error instanceof ExecError && error.exitCode === 4) throw tooManyPixels({ cause: error });
    if (error instanceof ExecTimeoutError) throw tookTooLong({ cause: error });
    if (error instanceof ExecError) throw corruptImage({ cause: error });
    throw error;
  }
  if (!file) throw corruptImage();
  return file;
}

/** undefined when the child ended before the last pixel, which its exit code then explains. */
async function readPicture(
  stdout: Readable,
  icc: Buffer | undefined,
  limits: ImageLimits,
): Promise<Buffer | undefined> {
  const head = await readHead(stdout);
  if (!head) return undefined;
  const [width, height, channels] = [head.readUInt32LE(0), head.readUInt32LE(4), head.readUInt32LE(8)];
  if (width * height > limits.pixels) throw tooManyPixels();
  const { file, pixels } = pixelFile({ width, height, channels: channels === 4 ? 4 : 3, icc });
  return (await fillFrom(stdout, pixels)) === pixels.length ? file : undefined;
}

async function readHead(stdout: Readable): Promise<Buffer | undefined> {
  for (;;) {
    const head = stdout.read(HEAD_BYTES) as Buffer | null;
    if (head) return head.length === HEAD_BYTES ? head : undefined;
    if (stdout.readableEnded) return undefined;
    await new Promise<void>((resolve) => {
      stdout.once('readable', resolve).once('end', resolve);
    });
  }
}
