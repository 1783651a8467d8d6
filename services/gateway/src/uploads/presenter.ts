import type { stagedUploadView } from '@mediaworks/contracts';
import type { z } from 'zod';
import { isWhole, type StagedUpload } from '../staging/queries.ts';

export function presentUpload(upload: StagedUpload, jobId: string | null): z.infer<typeof stagedUploadView> {
  const { refusal } = upload;
  return {
    id: upload.id,
    service: upload.service,
    status: statusOf(upload),
    offset: upload.received,
    length: upload.total_bytes,
    video_id: upload.lecture_id,
    media_id: upload.media_id,
    job_id: jobId,
    error: refusal && { code: refusal.code, message: refusal.message },
  };
}

function statusOf(upload: StagedUpload) {
  if (upload.finished_at) return upload.refusal ? 'failed' : 'completed';
  return isWhole(upload) ? 'assembling' : 'uploading';
}
