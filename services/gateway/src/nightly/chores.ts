import type { Executor } from '@mediaworks/jobs';
import { sql } from 'kysely';

/** Longer than any step between two {@link keepChore} takes. */
const HOLD_S = 600;

/** The last time that the clock (UTC) struck `hour`, at or before `now`. */
export function lastStroke(now: Date, hour: number): Date {
  const today = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate(), hour);
  return new Date(today <= now.getTime() ? today : today - 86_400_000);
}

/**
 * Takes a chore that has not been done since `due`, for this process alone. One never heard of counts as done now: a
 * new house has nothing to clean.
 * @returns whether it is ours to do
 */
export async function takeChore(db: Executor, name: string, due: Date): Promise<boolean> {
  await sql`insert into chores (name, last_run_at) values (${name}, now()) on conflict do nothing`.execute(
    db,
  );
  const { rows } = await sql<{ name: string }>`
    update chores set held_until = now() + ${HOLD_S} * interval '1 s'
    where name = ${name} and last_run_at < ${due} and (held_until is null or held_until < now())
    returning name`.execute(db);
  return rows.length === 1;
}

/** Says that we are still at it. */
export async function keepChore(db: Executor, name: string): Promise<void> {
  await sql`update chores set held_until = now() + ${HOLD_S} * interval '1 s' where name = ${name}`.execute(
    db,
  );
}

/** Puts a chore down: done for the time it was due, or left to whoever looks next. */
export async function leaveChore(db: Executor, name: string, done: Date | undefined): Promise<void> {
  await sql`
    update chores set held_until = null, last_run_at = coalesce(${done ?? null}::timestamptz, last_run_at)
    where name = ${name}`.execute(db);
}
