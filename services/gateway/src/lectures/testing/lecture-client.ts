import {
  type LectureAccepted,
  lectureAccepted,
  lectureKeys,
  type LectureResult,
} from '@mediaworks/contracts';
import { expect } from '@jest/globals';
import type { MediaClient, Part } from '../../media/testing/media-client.ts';
import type { MediaStage } from '../../media/testing/media-stage.ts';
import { mp4 } from '../../media/testing/samples.ts';

/** Uploads a video, which must be taken. */
export async function upload(
  client: MediaClient,
  parts: Part | Part[] = { filename: 'lecture.mp4', bytes: mp4(2_000) },
  fields: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<LectureAccepted> {
  const { status, body } = await client.uploadTo('/upload', parts, fields, headers);
  expect({ status, body }).toMatchObject({ status: 200 });
  return lectureAccepted.parse(body);
}

/** What a worker tells of a lecture. */
function lectureResult(id: string, srt: boolean): LectureResult {
  const keys = lectureKeys(id);
  const object = (key: string) => ({ key, size: 3, sha256: 'a'.repeat(64) });
  return {
    pdf: object(keys.pdf),
    srt: srt ? object(keys.srt) : null,
    manifest: object(keys.manifest),
    slides: 2,
    pages: 3,
    duration: 60,
    transcript: { source: srt ? 'embedded' : 'none', language: srt ? 'en' : null, model: null },
  };
}

/** Ends a lecture's job as a worker would, with objects behind its result. */
export async function convert(stage: MediaStage, lecture: LectureAccepted, srt = true): Promise<void> {
  const result = lectureResult(lecture.video_id, srt);
  await stage.store.put(result.pdf.key, Buffer.from('pdf'), { contentType: 'application/pdf' });
  await stage.store.put(result.manifest.key, Buffer.from('{}'), { contentType: 'application/json' });
  if (result.srt)
    await stage.store.put(result.srt.key, Buffer.from('srt'), { contentType: 'application/x-subrip' });
  await stage.finish(lecture, { result });
}

export const subtitles = Buffer.from('1\n00:00:01,000 --> 00:00:02,000\nHello\n');
