import type { Executor } from '@mediaworks/jobs';
import { groupCommit } from '@mediaworks/runtime';
import type { Request } from 'express';
import { type RawBuilder, sql } from 'kysely';
import { contextOf } from './request-context.ts';

/** Who changed what. */
export interface AuditEntry {
  /** `users.id`; null when nobody was known. */
  actor_id: number | null;
  /** `media.delete`, `job.cancel` and so on. */
  action: string;
  /** The id of what was changed. */
  subject: string;
  request_id: string;
  details: Readonly<Record<string, unknown>>;
}

export interface Audit {
  /** Writes an entry together with what else arrived meanwhile; for a change that has no transaction of its own. */
  record(entry: AuditEntry): Promise<void>;
}

/** What writes entries, for the statement that makes the changes. */
export function auditing(entries: readonly AuditEntry[]): RawBuilder<unknown> {
  return sql`
    insert into audit_log (actor_id, action, subject, request_id, details)
    select actor_id, action, subject, request_id, details
    from jsonb_to_recordset(${JSON.stringify(entries)}::jsonb)
      as given (actor_id bigint, action text, subject text, request_id text, details jsonb)`;
}

/** Writes entries in the transaction that makes the changes. */
export async function writeAudit(executor: Executor, entries: readonly AuditEntry[]): Promise<void> {
  await auditing(entries).execute(executor);
}

export function createAudit(db: Executor): Audit {
  const record = groupCommit(async (entries: AuditEntry[]) => {
    await writeAudit(db, entries);
    return entries.map(() => true);
  });
  return { record: async (entry) => void (await record(entry)) };
}

/** The entry of a change that this request makes. */
export function auditEntry(
  req: Request,
  action: string,
  subject: string,
  details: Readonly<Record<string, unknown>> = {},
): AuditEntry {
  const { id, principal } = contextOf(req);
  return { actor_id: principal?.userId ?? null, action, subject, request_id: id, details };
}
