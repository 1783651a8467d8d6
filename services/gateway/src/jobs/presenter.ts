import type { JobView } from '@mediaworks/contracts';
import type { JobRow } from '@mediaworks/jobs';
import type { EventLinks } from './event-links.ts';

/** Presents jobs with addresses under `publicUrl`. */
export function createJobPresenter(publicUrl: string, eventLinks: EventLinks) {
  const locationOf = (id: string) => `${publicUrl}/api/jobs/${id}`;
  const linksOf = (id: string): JobView['links'] => {
    const self = locationOf(id);
    return {
      self,
      events: `${self}/events?${eventLinks.sign(id)}`,
      cancel: `${self}/cancel`,
      retry: `${self}/retry`,
    };
  };
  const present = (row: JobRow): JobView => ({
    id: row.id,
    type: row.type,
    status: row.status,
    progress: { percent: Math.round(row.percent * 10) / 10, stage: row.stage },
    run: row.run,
    attempt: row.attempt,
    max_attempts: row.max_attempts,
    input: row.input,
    result: row.result,
    error: row.error,
    attempts: row.attempts,
    parent_id: row.parent_id,
    children: row.children,
    created_at: row.created_at.toISOString(),
    started_at: row.started_at?.toISOString() ?? null,
    finished_at: row.finished_at?.toISOString() ?? null,
    next_run_at: row.next_run_at?.toISOString() ?? null,
    links: linksOf(row.id),
  });
  return { present, locationOf };
}
