import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TranscodeInput, TranscodeResult } from '@mediaworks/contracts';
import type { Handler, JobContext } from '@mediaworks/jobs';
import { type MediaLimits, probe, renderImage, transcodeAudio, transcodeVideo } from '@mediaworks/media';
import { type MadeRenditions, publish } from './publish.ts';

type Made = Omit<TranscodeResult, 'renditions'> & { renditions: MadeRenditions };

/** Fetch the original, make what the web needs of it, publish, tell. */
export function transcode(limits: Partial<MediaLimits>): Handler<'media.transcode'> {
  return async (input, ctx) => {
    ctx.progress(1, 'fetching');
    const made = await ctx.store.withFile(
      input.original_key,
      () => join(ctx.tmp, 'original'),
      (source) => make(input, source, limits, ctx),
      { signal: ctx.signal },
    );
    ctx.releaseSlot();
    ctx.progress(95, 'publishing');
    const renditions = await publish(made.renditions, input, ctx);
    return { ...made, renditions };
  };
}

async function make(
  input: TranscodeInput,
  source: string,
  limits: Partial<MediaLimits>,
  ctx: JobContext,
): Promise<Made> {
  if (input.kind === 'image') return makeImage(input, source, ctx);
  ctx.progress(3, 'probing');
  const probed = await probe(source, { signal: ctx.signal, limits });
  ctx.progress(5, 'encoding');
  const options = {
    signal: ctx.signal,
    limits,
    probe: probed,
    onProgress: (percent: number) => ctx.progress(5 + percent * 0.85, 'encoding'),
  };
  return probed.kind === 'audio'
    ? makeAudio(input, source, options, ctx)
    : makeVideo(input, source, options, ctx);
}

async function makeImage(input: TranscodeInput, source: string, ctx: JobContext): Promise<Made> {
  ctx.progress(10, 'resizing');
  const image = await renderImage(source, {
    signal: ctx.signal,
    profile: input.profile,
    onDecoded: ctx.releaseSlot,
  });
  return {
    kind: 'image',
    width: image.width,
    height: image.height,
    duration: null,
    bitrate: null,
    thumbhash: image.thumbhash,
    metadata: image.metadata,
    renditions: image.renditions,
  };
}

type VideoOptions = Parameters<typeof transcodeVideo>[2];
type AudioOptions = Parameters<typeof transcodeAudio>[2];

async function makeVideo(
  input: TranscodeInput,
  source: string,
  options: VideoOptions,
  ctx: JobContext,
): Promise<Made> {
  const video = await transcodeVideo(source, await folder(ctx, 'out'), {
    ...options,
    preview: input.profile.includes('preview'),
  });
  ctx.progress(92, 'thumbnail');
  const still = await renderImage(video.renditions.poster.path, { signal: ctx.signal });
  return {
    kind: 'video',
    width: video.width,
    height: video.height,
    duration: video.duration,
    bitrate: video.bitrate,
    thumbhash: still.thumbhash,
    metadata: video.metadata,
    renditions: { ...video.renditions, thumbnail: still.renditions.thumbnail },
  };
}

async function makeAudio(
  input: TranscodeInput,
  source: string,
  options: AudioOptions,
  ctx: JobContext,
): Promise<Made> {
  const audio = await transcodeAudio(source, await folder(ctx, 'out'), {
    ...options,
    profile: { loudness: input.profile.includes('loudness'), waveform: input.profile.includes('waveform') },
  });
  return {
    kind: 'audio',
    width: null,
    height: null,
    duration: audio.duration,
    bitrate: audio.bitrate,
    thumbhash: null,
    metadata: audio.metadata,
    renditions: audio.renditions,
  };
}

async function folder(ctx: JobContext, name: string): Promise<string> {
  const path = join(ctx.tmp, name);
  await mkdir(path);
  return path;
}
