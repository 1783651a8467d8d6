import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PartOptions } from './frames.ts';
import { type GreySource, streamGrey, type Stretch, writeGrey } from './grey-decode.ts';

/** What became of a part. */
interface Decoded {
  /** False when it could not be decoded by itself. */
  readonly isThere: boolean;
  readonly cutOff: boolean;
}

/**
 * Decodes the parts of a video, several at a time, and hands all frames on in order. Each part goes on for one frame into
 * the next, which must begin with just that frame. Where it does not, a seek led astray or the decoder did not recover
 * there: the rest is decoded in one go from the last beginning that proved right.
 * @param seams where parts end and the next begin, in whole seconds
 */
export async function readParts(
  source: GreySource,
  seams: readonly number[],
  { decoders, folder }: PartOptions,
  onFrame: (pixels: Uint8Array) => void,
): Promise<{ cutOff: boolean }> {
  const { rate } = source.form;
  const starts = [0, ...seams];
  const stretches = starts.map((from, n): Stretch => {
    const end = starts[n + 1];
    return end === undefined ? { from } : { from, frames: (end - from) * rate + 1 };
  });
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, ...(source.options.signal ? [source.options.signal] : [])]);
  const fileOf = (part: number) => join(folder, `frames-${part}.gray`);
  const decode = async (part: number): Promise<Decoded> => {
    try {
      const { cutOff } = await writeGrey(source, stretches[part] ?? { from: 0 }, fileOf(part), signal);
      return { isThere: true, cutOff };
    } catch {
      // Whatever it was: it shows again, and is told, when the rest is decoded in one go.
      signal.throwIfAborted();
      return { isThere: false, cutOff: false };
    }
  };
  const parts = decodeAhead(starts.length, decoders, decode);
  const tell = progressOf(source);
  let count = 0;
  const take = (frame: Uint8Array) => {
    onFrame(frame);
    tell(++count);
  };

  let [trusted, seam]: [number, Uint8Array | undefined] = [0, undefined];
  try {
    for (const [part, { frames }] of stretches.entries()) {
      const { isThere, cutOff } = await parts.take(part);
      if (!isThere) break;
      const read: Read | undefined = await handOver(fileOf(part), source, seam, frames, take, signal);
      if (!read) break;
      await rm(fileOf(part));
      trusted = part;
      seam = read.seam;
      if (frames !== undefined) continue;
      source.options.onProgress?.(100);
      return { cutOff };
    }
  } finally {
    stop.abort();
    await parts.ended();
    for (const part of starts.keys()) await rm(fileOf(part), { force: true });
  }
  return readOn(source, starts[trusted] ?? 0, count, take);
}

/** Decodes the rest in one go, behind so many frames that were handed on. */
async function readOn(
  source: GreySource,
  from: number,
  handedOn: number,
  take: (frame: Uint8Array) => void,
): Promise<{ cutOff: boolean }> {
  let passed = from * source.form.rate;
  // The progress of its own would begin again.
  const { onProgress, ...options } = source.options;
  const rest = await streamGrey({ ...source, options }, { from }, (frame) => {
    if (passed++ >= handedOn) take(frame);
  });
  onProgress?.(100);
  return rest;
}

/** A part whose frames were handed on, but for the one that belongs to the next. */
interface Read {
  readonly seam: Uint8Array | undefined;
}

/**
 * Hands on the frames of a part, but for the one that belongs to the next.
 * @param seam what its first frame must be
 * @param wanted how many frames it must have, where that is known
 * @returns that last frame; undefined, with nothing handed on, when the part is not as it must be
 */
async function handOver(
  path: string,
  { form }: GreySource,
  seam: Uint8Array | undefined,
  wanted: number | undefined,
  take: (frame: Uint8Array) => void,
  signal: AbortSignal,
): Promise<Read | undefined> {
  const size = form.width * form.height;
  const file = await open(path);
  try {
    const frames = Math.floor((await file.stat()).size / size);
    if (frames === 0 || (wanted !== undefined && frames !== wanted)) return undefined;
    const next = async (): Promise<Uint8Array> => {
      const frame = new Uint8Array(size);
      for (let filled = 0; filled < size;) {
        const { bytesRead } = await file.read(frame, filled, size - filled);
        if (bytesRead === 0) throw new Error('a file of frames became shorter while it was read');
        filled += bytesRead;
      }
      return frame;
    };
    let frame = await next();
    if (seam && Buffer.compare(seam, frame) !== 0) return undefined;
    const last = wanted === undefined ? frames : frames - 1;
    for (let n = 0; n < last; n++) {
      signal.throwIfAborted();
      take(frame);
      if (n + 1 < frames) frame = await next();
    }
    return { seam: wanted === undefined ? undefined : frame };
  } finally {
    await file.close();
  }
}

/** Runs so many at a time, in order, and no further ahead of the one that is taken than twice that. */
function decodeAhead(parts: number, decoders: number, decode: (part: number) => Promise<Decoded>) {
  const running = new Map<number, Promise<Decoded>>();
  const ends: Promise<unknown>[] = [];
  let [next, busy, taken] = [0, 0, 0];
  const start = () => {
    while (next < parts && busy < decoders && next < taken + 2 * decoders) {
      busy++;
      const run = decode(next);
      running.set(next++, run);
      const free = () => {
        busy--;
        start();
      };
      ends.push(run.then(free, () => undefined));
    }
  };
  return {
    take: (part: number): Promise<Decoded> => {
      taken = part;
      start();
      return running.get(part) ?? Promise.reject(new RangeError(`part ${part} was not begun`));
    },
    /** Once it was told to stop. */
    ended: async (): Promise<void> => {
      next = parts;
      await Promise.allSettled(ends);
    },
  };
}

/** Tells whole percents of what was handed on, each once; the last when all is read. */
function progressOf({ form, options }: GreySource): (count: number) => void {
  const { onProgress, probe } = options;
  const all = (probe.duration ?? 0) * form.rate;
  let told = -1;
  return (count) => {
    const percent = Math.min(99, Math.floor((100 * count) / all));
    if (percent > told) onProgress?.((told = percent));
  };
}
