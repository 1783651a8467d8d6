import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TransientError } from '@mediaworks/contracts';
import type { YtdlpSettings } from '../env.ts';
import { downloadArguments } from './arguments.ts';
import { explain } from './failure.ts';
import { readPages } from './pages.ts';
import type { YtdlpProgram } from './program.ts';
import { runYtdlp } from './run.ts';
import { readMetadata, type VideoMetadata } from './metadata.ts';

/** A video on the local disk. */
export interface DownloadedVideo {
  readonly path: string;
  /** Undefined where TikTok gave none. */
  readonly thumbnail: string | undefined;
  readonly metadata: VideoMetadata;
}

const PICTURES = /^video\.(jpg|jpeg|png|webp|image)$/;
const NOT_THE_VIDEO = /\.(part|ytdl|json|dump|txt|temp)$/;

/**
 * Fetches a video, its picture and what is known of it into `folder`.
 * @throws PermanentError, TransientError, RetryAfterError with a code of its own for each way that it can fail
 */
export async function downloadVideo(
  program: YtdlpProgram,
  settings: YtdlpSettings,
  video: { username: string; videoId: string },
  options: { folder: string; signal: AbortSignal; onProgress: (percent: number) => void },
): Promise<DownloadedVideo> {
  const { folder } = options;
  const output = await runYtdlp(
    program,
    settings,
    (cookies) => downloadArguments(settings, cookies, video.username, video.videoId),
    options,
  );
  const names = await readdir(folder);
  const picture = names.find((name) => PICTURES.test(name));
  const file = names.find(
    (name) => name.startsWith('video.') && name !== picture && !NOT_THE_VIDEO.test(name),
  );
  if (output.failure || file === undefined) {
    throw explain(output, await readPages(folder), 'video', {
      program: program.words,
      pauseMs: settings.rateLimitPauseMs,
      videoId: video.videoId,
    });
  }
  const path = join(folder, file);
  const metadata = readMetadata(await readInfo(folder, names));
  const { size } = await stat(path);
  if (size === 0 || (metadata.filesize !== null && size !== metadata.filesize)) {
    throw new TransientError('wrong_length', `The video has ${size} bytes, and not what TikTok said`);
  }
  return { path, thumbnail: picture === undefined ? undefined : join(folder, picture), metadata };
}

async function readInfo(folder: string, names: readonly string[]): Promise<unknown> {
  const name = names.find((one) => one.endsWith('.info.json'));
  if (name === undefined) return {};
  return JSON.parse(await readFile(join(folder, name), 'utf8')) as unknown;
}
