import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { configureMedia } from '@mediaworks/media';
import { findOnPath } from '@mediaworks/runtime';

export interface Programs {
  readonly ffmpegPath: string;
  readonly ffprobePath: string;
}

/** The machine's own, or those from npm that the media package has. */
export function findPrograms(): Programs {
  const require = createRequire(import.meta.resolve('@mediaworks/media'));
  const bundled = (name: string) => (require(`@${name}-installer/${name}`) as { path: string }).path;
  const [ffmpegPath, ffprobePath] = [findOnPath('ffmpeg'), findOnPath('ffprobe')];
  if (ffmpegPath !== undefined && ffprobePath !== undefined) return { ffmpegPath, ffprobePath };
  return { ffmpegPath: bundled('ffmpeg'), ffprobePath: bundled('ffprobe') };
}

/** One run of ffmpeg, as it was started. */
export type Arguments = readonly string[];

/**
 * What our code runs ffmpeg with: it is given a script in ffmpeg's place that notes its arguments and becomes ffmpeg,
 * so that the same command can be run by hand.
 */
export async function recordFfmpeg(
  dir: string,
  programs: Programs,
  work: () => Promise<unknown>,
): Promise<Arguments[]> {
  const [script, record] = [join(dir, 'ffmpeg'), join(dir, 'ffmpeg-arguments')];
  const text = [
    '#!/bin/sh',
    // An empty argument, which is none of ffmpeg's, ends a run.
    `printf '%s\\0' "$@" "" >> '${record}'`,
    `exec '${programs.ffmpegPath}' "$@"`,
  ];
  await rm(record, { force: true });
  await writeFile(script, `${text.join('\n')}\n`);
  await chmod(script, 0o755);
  await configureMedia({ ...programs, ffmpegPath: script });
  try {
    await work();
  } finally {
    await configureMedia(programs);
  }
  const runs: string[][] = [[]];
  for (const argument of (await readFile(record, 'utf8')).split('\0').slice(0, -1)) {
    if (argument === '') runs.push([]);
    else runs.at(-1)?.push(argument);
  }
  return runs.filter((run) => run.includes('-i'));
}
