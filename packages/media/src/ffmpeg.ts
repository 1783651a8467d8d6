import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { exec } from '@mediaworks/runtime';
import { explainFailure } from './ffmpeg-errors.ts';
import { ffmpegPath } from './ffmpeg-path.ts';
import { timeLimitMs, type MediaLimits } from './limits.ts';

/**
 * All that ffmpeg and ffprobe get of the environment. Static builds load the system's character set converters,
 * which are made for another libc, and crash on the first MPEG transport stream that names its service; this hides
 * the converters.
 */
export const childEnvironment = { LANG: 'C', GCONV_PATH: '/nonexistent' };

export interface FfmpegOptions {
  readonly signal?: AbortSignal | undefined;
  readonly limits: MediaLimits;
  /** Length of the media in seconds, for the time limit and the percentage; null when unknown. */
  readonly durationSeconds: number | null;
  /** Wall time in ms, where it should not follow from the length. */
  readonly timeoutMs?: number | undefined;
  /** Whole percents, 0–100, each larger than the one before; 100 only when ffmpeg has ended well. */
  readonly onProgress?: ((percent: number) => void) | undefined;
  /** Takes what the command writes to `pipe:1`. */
  readonly onStdout?: (stdout: Readable) => Promise<void>;
}

export interface FfmpegOutcome {
  /** Frames written to the first video output; 0 when there is none. */
  readonly frames: number;
  /** Time of the last frame or sample written, in seconds; null when nothing was. */
  readonly seconds: number | null;
  /** The end of what ffmpeg said at its log level. */
  readonly stderr: string;
}

/**
 * Runs ffmpeg on a finished argument list (see {@link commandArguments}), confined in time, memory, CPU and file
 * size, and killed with everything it started when the signal aborts.
 * @throws PermanentError | TransientError as {@link explainFailure} says, or the signal's reason.
 */
export async function runFfmpeg(args: readonly string[], options: FfmpegOptions): Promise<FfmpegOutcome> {
  const { limits } = options;
  const timeoutMs = options.timeoutMs ?? timeLimitMs(limits, options.durationSeconds);
  const progress = new ProgressReader(options.durationSeconds, options.onProgress);
  const global = ['-nostdin', '-hide_banner', '-nostats', '-filter_complex_threads', String(limits.threads)];
  // Progress has a pipe of its own, so that stderr holds errors alone; unless the output wants that pipe.
  const pipe = options.onStdout ? 'pipe:2' : 'pipe:1';
  const level = args.includes('-loglevel') ? [] : ['-loglevel', 'error'];
  try {
    const { stderr } = await exec(ffmpegPath(), [...global, ...level, '-progress', pipe, '-y', ...args], {
      ...(options.signal ? { signal: options.signal } : {}),
      env: childEnvironment,
      timeoutMs,
      limits: {
        memoryBytes: limits.memoryBytes,
        fileBytes: limits.outputBytes,
        // One thread more than asked for, since reading and muxing have theirs; a backstop behind the wall time.
        cpuSeconds: Math.ceil(timeoutMs / 1000) * (limits.threads + 1),
      },
      onStdout: options.onStdout ?? ((stdout) => readLines(stdout, (line) => progress.take(line))),
      ...(options.onStdout ? { onStderrLine: (line: string) => progress.take(line) } : {}),
    });
    progress.finish();
    return { frames: progress.frames, seconds: progress.seconds, stderr };
  } catch (error) {
    throw explainFailure(error);
  }
}

/** Spreads one run's 0–100 over a part of the whole, where a result takes several. */
export function progressPart(
  report: ((percent: number) => void) | undefined,
  from: number,
  to: number,
): ((percent: number) => void) | undefined {
  return report && ((percent) => report(Math.floor(from + (percent * (to - from)) / 100)));
}

async function readLines(stream: Readable, take: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) take(line);
}

/** Reads the key=value lines of `-progress`. */
class ProgressReader {
  frames = 0;
  seconds: number | null = null;
  #percent = -1;

  constructor(
    private readonly durationSeconds: number | null,
    private readonly report: ((percent: number) => void) | undefined,
  ) {}

  take(line: string): void {
    const [, key, value] = /^(frame|out_time_us)=\s*(-?\d+)$/.exec(line.trim()) ?? [];
    if (key === 'frame') this.frames = Number(value);
    if (key !== 'out_time_us') return;
    const seconds = Number(value) / 1e6;
    // Before the first packet ffmpeg tells the smallest number there is.
    if (seconds < 0 || seconds <= (this.seconds ?? -1)) return;
    this.seconds = seconds;
    if (this.durationSeconds) this.#tell(Math.min(99, Math.floor((100 * seconds) / this.durationSeconds)));
  }

  finish(): void {
    this.#tell(100);
  }

  #tell(percent: number): void {
    if (percent <= this.#percent) return;
    this.#percent = percent;
    this.report?.(percent);
  }
}
