import { basename, join } from 'node:path';
import { type LectureInput, transcriptSource } from '@mediaworks/contracts';
import type { JobContext } from '@mediaworks/jobs';
import { z } from 'zod';
import type { VideoSource } from './video-source.ts';
import { readTranscript, type SpeechRecogniser } from './transcript/index.ts';

export const foundWords = z.object({
  source: transcriptSource,
  language: z.string().nullable(),
  model: z.string().nullable(),
  cues: z.array(z.object({ start: z.number(), end: z.number(), text: z.string() })),
});
export type FoundWords = z.infer<typeof foundWords>;

/** What is said in the video: uploaded beside it, in it, recognised, or nothing. */
export async function findWords(
  input: LectureInput,
  video: VideoSource,
  ctx: JobContext,
  recogniser: SpeechRecogniser | undefined,
  tell: (percent: number) => void,
): Promise<FoundWords> {
  const read = async (uploaded?: string): Promise<FoundWords> => {
    const transcript = await readTranscript({
      video: video.path,
      probe: video.probe,
      limits: video.limits,
      tmp: ctx.tmp,
      signal: ctx.signal,
      onProgress: tell,
      recogniser,
      uploaded,
      uploadedName: input.subtitle_key === null ? undefined : basename(input.subtitle_key),
    });
    return { ...transcript, cues: [...transcript.cues] };
  };
  if (input.subtitle_key === null) return read();
  return ctx.store.withFile(input.subtitle_key, () => join(ctx.tmp, 'uploaded-subtitles'), read, {
    signal: ctx.signal,
  });
}
