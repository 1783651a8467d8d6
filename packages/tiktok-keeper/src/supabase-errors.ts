import { PermanentError, RetryAfterError, TransientError } from '@mediaworks/contracts';
import { asError } from '@mediaworks/runtime';

const PAUSE_MS = 30_000;

/** What Supabase answered, in whatever of its shapes. */
interface Told {
  status: number | undefined;
  code: string | undefined;
  message: string;
}

/** Storage tells the true status in its body; PostgREST has codes of its own and of Postgres. */
function told(error: unknown): Told {
  const given = typeof error === 'object' && error !== null ? (error as Record<string, unknown>) : {};
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  const number = (value: unknown) => (value === undefined || value === '' ? undefined : Number(value));
  const inner = given['originalResponse'] as { getStatus?(): number; getBody?(): string } | null | undefined;
  const status = number(given['statusCode']) ?? number(given['status']) ?? inner?.getStatus?.();
  const message = [text(given['message']) ?? '', text(given['error']) ?? '', inner?.getBody?.() ?? ''].join(
    ' ',
  );
  return {
    status: Number.isNaN(status) ? undefined : status,
    code: text(given['code']),
    message: message.slice(0, 2_000),
  };
}

/** What an error of Supabase means. @param bucket its name, for the message */
export function explainSupabase(error: unknown, bucket: string): Error {
  const { status, code, message } = told(error);
  const cause = asError(error);
  if (/bucket not found/i.test(message)) return bucketMissing(bucket, cause);
  if (code === '42P01' || code === 'PGRST205' || code === '42703' || code === 'PGRST204') {
    return new PermanentError(
      'tables_missing',
      'Supabase lacks the tables tiktok_users and tiktok_videos: run infra/supabase/tiktok.sql in its SQL editor',
      { cause },
    );
  }
  if (
    code === '42501' ||
    status === 401 ||
    status === 403 ||
    /row-level security|unauthorized|permission denied|invalid (jwt|signature|api key)/i.test(message)
  ) {
    return new PermanentError(
      'permission_denied',
      'Permission denied by Supabase: SUPABASE_SERVICE_ROLE_KEY must be the service role’s key of this project',
      { cause },
    );
  }
  if (status === 413 || /exceeded the maximum allowed size|payload too large/i.test(message)) {
    return new PermanentError(
      'too_large',
      `The video is larger than the bucket ${bucket} takes: raise its file size limit in Supabase`,
      { cause },
    );
  }
  if (status === 415 || /mime type .* is not supported/i.test(message)) {
    return new PermanentError('type_refused', `The bucket ${bucket} does not take this type of file`, {
      cause,
    });
  }
  if (status === 429)
    return new RetryAfterError(PAUSE_MS, 'keeper_busy', 'Supabase asks for a pause', { cause });
  if (status === 409)
    return new TransientError('upload_conflict', 'Somebody else is writing the same file', { cause });
  if (status === undefined || status === 0 || status >= 500 || /fetch failed|abort|network/i.test(message)) {
    return new TransientError(
      'keeper_unavailable',
      'Supabase can not be reached, or has trouble of its own',
      {
        cause,
      },
    );
  }
  return new TransientError('keeper_failed', 'Supabase refused in a way that we do not know', { cause });
}

export function bucketMissing(bucket: string, cause: Error): PermanentError {
  const message = `Bucket not found: make the bucket ${bucket} in Supabase (Storage → New bucket), or set SUPABASE_BUCKET`;
  return new PermanentError('bucket_missing', message, { cause });
}
