import { exec } from '@mediaworks/runtime';
import { ffmpegPath } from './ffmpeg-path.ts';

export interface FfmpegFeatures {
  /** `-fps_mode` (ffmpeg 5.1, which deprecates `-vsync` for it). */
  readonly fpsMode: boolean;
  /** `zscale` and `tonemap`, which HDR needs. */
  readonly toneMapping: boolean;
}

const known = new Map<string, Promise<FfmpegFeatures>>();

/** What the ffmpeg in use can do. Asked once a process; a failure to ask is not kept. */
export async function ffmpegFeatures(): Promise<FfmpegFeatures> {
  const path = ffmpegPath();
  const asked = known.get(path) ?? askFeatures(path);
  known.set(path, asked);
  return asked.catch((error: unknown) => {
    known.delete(path);
    throw error;
  });
}

async function askFeatures(path: string): Promise<FfmpegFeatures> {
  const options = { timeoutMs: 30_000 };
  const [version, filters] = await Promise.all([
    exec(path, ['-hide_banner', '-version'], options),
    exec(path, ['-hide_banner', '-filters'], options),
  ]);
  // Releases and dated builds number themselves differently, but libavcodec's number only grows.
  const [, major = '0', minor = '0'] = /libavcodec\s+(\d+)\.\s*(\d+)/.exec(version.stdout.toString()) ?? [];
  const codecVersion = Number(major) * 1000 + Number(minor);
  const filterNames = new Set(
    filters.stdout
      .toString()
      .split('\n')
      .map((line) => line.trim().split(/\s+/)[1]),
  );
  return {
    fpsMode: codecVersion >= 59_037,
    toneMapping: filterNames.has('zscale') && filterNames.has('tonemap'),
  };
}
