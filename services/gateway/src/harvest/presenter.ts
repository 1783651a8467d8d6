import type {
  HarvestProgress,
  HarvestResults,
  HarvestStatus,
  HarvestUserView,
  JobStatus,
} from '@mediaworks/contracts';
import type { RunRow, RunUserRow } from './queries.ts';

/** A run's status in the seed's words: one that was stopped is `failed`. */
export function harvestStatusOf(status: JobStatus): HarvestStatus {
  switch (status) {
    case 'queued':
    case 'processing':
      return 'processing';
    case 'completed':
      return 'completed';
    case 'failed':
    case 'cancelled':
      return 'failed';
  }
}

/** What concerns the run and no single user. */
function globalErrors(run: RunRow): string[] {
  const ended = run.status === 'failed' || run.status === 'cancelled';
  return [...(ended && run.error ? [run.error.message] : []), ...run.problems];
}

/** How a run stands; without one, nothing is going on. */
export function presentProgress(
  run: RunRow | undefined,
  current: readonly string[],
  errors: readonly string[],
): HarvestProgress {
  const done = run?.processed_users ?? 0;
  const total = run?.total_users ?? 0;
  const status = run ? harvestStatusOf(run.status) : 'idle';
  return {
    ...{ run_id: run?.id ?? null, job_id: run?.job_id ?? null, status },
    total_users: total,
    processed_users: done,
    current_user: current[0] ?? null,
    current_users: [...current],
    errors: run ? [...globalErrors(run), ...errors] : [],
    progress_percent:
      status === 'completed' ? 100 : total === 0 ? 0 : Math.floor((1_000 * done) / total) / 10,
    total_files_downloaded: run?.files ?? 0,
    total_size_bytes: run?.bytes ?? 0,
    started_at: run?.started_at?.toISOString() ?? null,
    finished_at: run?.finished_at?.toISOString() ?? null,
  };
}

/** What a run has brought so far, or in all. */
export function presentResults(run: RunRow | undefined, users: readonly RunUserRow[]): HarvestResults {
  return {
    ...{ run_id: run?.id ?? null, job_id: run?.job_id ?? null },
    status: run ? harvestStatusOf(run.status) : 'idle',
    dry_run: run?.input.dry_run ?? false,
    total_users_processed: run?.processed_users ?? 0,
    successful_users: run?.successful_users ?? 0,
    failed_users: run?.failed_users ?? 0,
    total_files_downloaded: run?.files ?? 0,
    total_size_bytes: run?.bytes ?? 0,
    skipped_unchanged: run?.unchanged ?? 0,
    pending_files: run?.pending_files ?? 0,
    pending_bytes: run?.pending_bytes ?? 0,
    processing_time_seconds: Math.round((run?.seconds ?? 0) * 1_000) / 1_000,
    user_results: users.map(presentUser),
    global_errors: run ? globalErrors(run) : [],
  };
}

function presentUser({ job_id, status, input, result, error }: RunUserRow): HarvestUserView {
  const none = {
    ...{ images_count: 0, voices_count: 0, total_files_downloaded: 0, total_size_bytes: 0 },
    ...{ skipped_unchanged: 0, pending_files: 0, pending_bytes: 0, failed_files: 0, warnings: [] },
  };
  const errors = status !== 'processing' && error ? [error.message] : [];
  const told = result ?? { user_email: input.email, folder: input.folder, ...none, errors };
  return { ...told, status, job_id };
}
