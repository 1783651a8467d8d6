import type { LectureAccepted, LectureDetail, LectureListItem } from '@mediaworks/contracts';
import type { Answer } from '../define-route.ts';
import type { LectureRow, NewLecture } from './queries.ts';

/** A lecture in a list. */
export function presentInList(row: LectureRow): LectureListItem {
  const created = row.created_at.toISOString();
  return {
    id: row.id,
    video_id: row.id,
    filename: row.filename,
    video_name: row.filename,
    status: row.status,
    upload_date: created,
    date: created,
    created_at: created,
    updated_at: row.updated_at.toISOString(),
    user_email: row.user_email,
    progress_percent: Math.round(row.percent * 10) / 10,
  };
}

/** A lecture on its own. */
export function presentLecture(row: LectureRow): LectureDetail {
  const { result } = row;
  return {
    ...presentInList(row),
    stage: row.stage,
    error_message: row.error?.message ?? null,
    error_code: row.error?.code ?? null,
    job_id: row.job_id,
    layout: row.layout,
    source_url: row.source_url,
    file_size: row.file_size,
    slides: result?.slides ?? null,
    pages: result?.pages ?? null,
    duration: result?.duration ?? null,
    transcript_source: result?.transcript.source ?? null,
    pdf_available: result !== null,
    srt_available: result !== null && result.srt !== null,
  };
}

/** The answer to every way of bringing a video. */
export function acceptedAnswer(
  { id, video_key, job_id }: Pick<NewLecture, 'id' | 'video_key' | 'job_id'>,
  publicUrl: string,
  message = 'Video uploaded successfully. It will be processed shortly.',
): Answer {
  const body: LectureAccepted = { video_id: id, message, s3_key: video_key, job_id };
  return { status: 200, body, headers: { Location: `${publicUrl}/status/${id}` } };
}
