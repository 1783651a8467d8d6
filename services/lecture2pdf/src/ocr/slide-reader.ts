import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { asError } from '@mediaworks/runtime';
import sharp from 'sharp';
import { createWorker, OEM, type Worker } from 'tesseract.js';
import { type SlideReading, slideReading } from './slide-reading.ts';

/** Reads slides one after the other, with one engine for all of them. */
export interface SlideReader {
  /**
   * What is written on a slide (Latin letters, English words). A picture that breaks the engine gives no words and
   * tells why in `failed`; the next one gets a new engine.
   *
   * @param path of a picture
   * @throws the signal's reason
   */
  read(path: string, options?: { signal?: AbortSignal }): Promise<SlideReading>;
  /** Ends the engine; a reader that has read nothing has none. */
  close(): Promise<void>;
}

/** As many pixels as the engine reads well: more cost time, and enlarging small pictures makes their letters readable. */
const PIXELS = 1280 * 720;
const MAX_ENLARGEMENT = 2;
const DEFAULT_TIMEOUT_MS = 60_000;

/** @param limits `timeoutMs`: wall time of one picture, 60 s by default */
export function openSlideReader(limits: { timeoutMs?: number } = {}): SlideReader {
  let engine: Engine | undefined;
  const close = async () => {
    const ending = engine;
    engine = undefined;
    await ending?.end();
  };
  return {
    close,
    async read(path, { signal } = {}) {
      signal?.throwIfAborted();
      const timeout = AbortSignal.timeout(limits.timeoutMs ?? DEFAULT_TIMEOUT_MS);
      const stopped = AbortSignal.any([timeout, ...(signal ? [signal] : [])]);
      try {
        const picture = await prepare(path);
        engine ??= startEngine();
        const lines = await orAbort(engine.recognise(picture.bytes), stopped);
        return { ...slideReading(lines, picture.scale, picture.height), failed: null };
      } catch (error) {
        await close();
        signal?.throwIfAborted();
        const failed = timeout.aborted ? 'it took too long' : asError(error).message;
        return { title: null, text: '', words: [], failed };
      }
    },
  };
}

interface Prepared {
  bytes: Buffer;
  /** Size of what is recognised over that of the picture. */
  scale: number;
  /** Of the picture, in pixels. */
  height: number;
}

/** A grey picture of the size that the engine reads best. */
async function prepare(path: string): Promise<Prepared> {
  const { width, height } = await sharp(path).metadata();
  const scale = Math.min(MAX_ENLARGEMENT, Math.sqrt(PIXELS / (width * height)));
  const wide = Math.max(1, Math.round(width * scale));
  const bytes = await sharp(path).resize({ width: wide }).greyscale().png({ compressionLevel: 1 }).toBuffer();
  return { bytes, scale: wide / width, height };
}

type Lines = Parameters<typeof slideReading>[0];

interface Engine {
  recognise(picture: Buffer): Promise<Lines>;
  end(): Promise<void>;
}

const require = createRequire(import.meta.url);

/** The engine runs in a thread of its own, offline, and keeps nothing on disk. */
function startEngine(): Engine {
  // What tesseract.js can't say through its promises it says here; without a listener it would end the process.
  let fail: (error: Error) => void = () => undefined;
  const broken = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  broken.catch(() => undefined);
  const worker = createWorker('eng', OEM.LSTM_ONLY, {
    langPath: join(dirname(require.resolve('@tesseract.js-data/eng')), '4.0.0_best_int'),
    gzip: true,
    cacheMethod: 'none',
    errorHandler: (error: unknown) => fail(asError(error)),
  }).then(async (started) => {
    threadOf(started).on('error', fail);
    await started.setParameters({ debug_file: '/dev/null' });
    return started;
  });
  return {
    recognise: async (picture) => {
      const started = await Promise.race([worker, broken]);
      const { data } = await Promise.race([
        started.recognize(picture, {}, { blocks: true, text: false }),
        broken,
      ]);
      return (data.blocks ?? []).flatMap(({ paragraphs }) => paragraphs.flatMap(({ lines }) => lines));
    },
    end: async () => {
      fail(new Error('the engine was ended'));
      // One that never started has nothing to end, or ends with its thread.
      await worker.then(
        async (started) => void (await threadOf(started).terminate()),
        () => undefined,
      );
    },
  };
}

/** tesseract.js tells its thread as `worker`, which its types leave out, and does not wait for its end. */
function threadOf(worker: Worker): import('node:worker_threads').Worker {
  return (worker as unknown as { worker: import('node:worker_threads').Worker }).worker;
}

/** Rejects with the signal's reason as soon as it aborts. */
async function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  // Nobody waits for it any more once the signal has aborted.
  work.catch(() => undefined);
  signal.throwIfAborted();
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(asError(signal.reason));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
