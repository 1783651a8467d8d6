import type { Executor } from '@mediaworks/jobs';
import { sql } from 'kysely';

export type Outlet = 'mirror' | 'push';

/** What is to be told of one lecture: the rows that go together when it has been told. */
export interface News {
  lectureId: string;
  ids: number[];
  /** How often it could not be told. */
  tries: number;
}

const HELD_S = 60;
/** Any number that is ours alone; the outlet is the second key. */
const LOCK = 773_301;

/**
 * Takes what is due of an outlet, of up to `limit` rows, for this process alone and for a minute. Of a lecture that
 * another process is telling of nothing is taken, so that each is told of by one at a time.
 */
export async function takeNews(db: Executor, outlet: Outlet, limit: number): Promise<News[]> {
  return db.transaction().execute(async (tx) => {
    const lock = sql<{ mine: boolean }>`
      select pg_try_advisory_xact_lock(${LOCK}, hashtext(${outlet})) as mine`;
    // Whoever has it is taking at this moment: there is nothing left to wait for.
    if (!(await lock.execute(tx)).rows[0]?.mine) return [];
    const { rows } = await sql<{ lecture_id: string; ids: number[]; tries: number }>`
      with due as (
        select n.id from lecture_news n
        where n.outlet = ${outlet} and n.due_at <= now() and (n.held_until is null or n.held_until < now())
          and not exists (
            select 1 from lecture_news h
            where h.lecture_id = n.lecture_id and h.outlet = ${outlet} and h.held_until >= now())
        order by n.due_at, n.id limit ${limit} for update skip locked),
      taken as (
        update lecture_news n set held_until = now() + ${HELD_S} * interval '1 s'
        from due where n.id = due.id returning n.id, n.lecture_id, n.tries)
      select lecture_id, json_agg(id order by id) as ids, max(tries) as tries
      from taken group by lecture_id`.execute(tx);
    return rows.map(({ lecture_id, ids, tries }) => ({ lectureId: lecture_id, ids, tries }));
  });
}

/** It has been told. */
export async function dropNews(db: Executor, ids: readonly number[]): Promise<void> {
  await sql`delete from lecture_news where id = any(${ids}::bigint[])`.execute(db);
}

/** It could not be told: whoever comes by after `delayMs` tries again. */
export async function putBackNews(db: Executor, ids: readonly number[], delayMs: number): Promise<void> {
  await sql`
    update lecture_news set held_until = null, tries = tries + 1, due_at = now() + ${delayMs} * interval '1 ms'
    where id = any(${ids}::bigint[])`.execute(db);
}

/** Forgets what an outlet that is not configured was to be told, once nobody has taken it for a week. */
export async function forgetNews(db: Executor, outlet: Outlet): Promise<void> {
  await sql`
    delete from lecture_news where outlet = ${outlet} and due_at < now() - interval '7 days'`.execute(db);
}
