import type {
  JobError,
  MediaKind,
  MediaProfile,
  MediaStats,
  MediaStatus,
  TranscodeResult,
} from '@mediaworks/contracts';
import { acceptingJobs, type Executor, type NewJob, type Viewer } from '@mediaworks/jobs';
import { type RawBuilder, sql } from 'kysely';
import { type AuditEntry, auditing } from '../audit.ts';

/** What is written of an upload. */
export interface NewItem {
  id: number;
  owner_id: number;
  job_id: string;
  file_type: MediaKind;
  mime_type: string;
  filename: string;
  original_key: string;
  token: string;
  file_size: number;
  checksum: string;
  profile: MediaProfile[];
  is_public: boolean;
}

/** An item and how its job stands. */
export interface MediaRow extends NewItem {
  username: string;
  status: MediaStatus;
  percent: number;
  stage: string;
  result: TranscodeResult | null;
  error: JobError | null;
  created_at: Date;
  updated_at: Date;
}

const visibleTo = (viewer: Viewer) => (viewer === undefined ? sql`true` : sql`m.owner_id = ${viewer}`);

/** The one place where an item's status is said: it is its job's, in the words of the media API. */
const mediaStatus = sql`case job_status(j) when 'completed' then 'ready'
  when 'failed' then 'failed' when 'cancelled' then 'failed' else 'processing' end`;

/** Only a probe can tell sound in a video's container from a video; until then it is what its first bytes say. */
const mediaKind = sql`coalesce(j.result ->> 'kind', m.file_type)`;

const select = (where: RawBuilder<unknown>, tail: RawBuilder<unknown>) => sql<MediaRow>`
  select m.id, m.owner_id, u.username, m.job_id, ${mediaKind} as file_type, m.mime_type, m.filename, m.original_key,
    m.token, m.file_size, m.checksum, m.profile, m.is_public, m.created_at, greatest(m.updated_at, j.updated_at) as updated_at,
    s.status, j.progress_percent::float8 as percent, j.progress_stage as stage,
    case when s.status = 'ready' then j.result end as result,
    case when s.status = 'failed' then j.error end as error
  from media_items m
  join jobs j on j.id = m.job_id
  join users u on u.id = m.owner_id
  cross join lateral (select ${mediaStatus} as status) s
  where ${where} ${tail}`;

export async function findItem(db: Executor, id: number, viewer: Viewer): Promise<MediaRow | undefined> {
  const { rows } = await select(sql`m.id = ${id} and ${visibleTo(viewer)}`, sql``).execute(db);
  return rows[0];
}

export interface ItemFilter {
  type?: MediaKind | undefined;
  status?: MediaStatus | undefined;
}

function matching(viewer: Viewer, filter: ItemFilter): RawBuilder<unknown> {
  const conditions = [visibleTo(viewer)];
  if (filter.type !== undefined) conditions.push(sql`${mediaKind} = ${filter.type}`);
  if (filter.status !== undefined) conditions.push(sql`s.status = ${filter.status}`);
  return sql.join(conditions, sql` and `);
}

export async function countItems(db: Executor, viewer: Viewer, filter: ItemFilter): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from media_items m
    join jobs j on j.id = m.job_id
    cross join lateral (select ${mediaStatus} as status) s
    where ${matching(viewer, filter)}`.execute(db);
  return rows[0]?.count ?? 0;
}

/** Newest first. */
export async function listItems(
  db: Executor,
  viewer: Viewer,
  filter: ItemFilter,
  page: { offset: number; limit: number },
): Promise<MediaRow[]> {
  const tail = sql`order by m.id desc limit ${page.limit} offset ${page.offset}`;
  const { rows } = await select(matching(viewer, filter), tail).execute(db);
  return rows;
}

export async function countByTypeAndStatus(db: Executor, viewer: Viewer): Promise<MediaStats> {
  const { rows } = await sql<{ file_type: MediaKind; status: MediaStatus; items: number; bytes: number }>`
    select ${mediaKind} as file_type, s.status, count(*) as items, sum(m.file_size)::bigint as bytes
    from media_items m
    join jobs j on j.id = m.job_id
    cross join lateral (select ${mediaStatus} as status) s
    where ${visibleTo(viewer)}
    group by 1, 2`.execute(db);
  const stats: MediaStats = {
    total: 0,
    by_type: { image: 0, video: 0, audio: 0 },
    by_status: { ready: 0, processing: 0, failed: 0, uploading: 0 },
    total_size: 0,
  };
  for (const row of rows) {
    stats.total += row.items;
    stats.by_type[row.file_type] += row.items;
    stats.by_status[row.status] += row.items;
    stats.total_size += row.bytes;
  }
  return stats;
}

/** @returns whether there was such an item */
export async function setPublic(
  db: Executor,
  id: number,
  viewer: Viewer,
  isPublic: boolean,
): Promise<boolean> {
  const { rows } = await sql<{ id: number }>`
    update media_items m set is_public = ${isPublic}, updated_at = now()
    where m.id = ${id} and ${visibleTo(viewer)} returning id`.execute(db);
  return rows.length === 1;
}

/** What is left of an item once its row is gone: what to cancel and what to remove from the store. */
export interface RemovedItem {
  id: number;
  owner_id: number;
  job_id: string;
  original_key: string;
  token: string;
  /** Of a job that was completed: everything that was made is in it. */
  result: TranscodeResult | null;
}

const removed = sql`m.id, m.owner_id, m.job_id, m.original_key, m.token,
  case when j.status = 'completed' then j.result end as result`;

export async function deleteItem(db: Executor, id: number, viewer: Viewer): Promise<RemovedItem | undefined> {
  const { rows } = await sql<RemovedItem>`
    delete from media_items m using jobs j
    where m.id = ${id} and ${visibleTo(viewer)} and j.id = m.job_id
    returning ${removed}`.execute(db);
  return rows[0];
}

/** How the item with this token may be opened; undefined when there is none. */
export async function visibilityOf(db: Executor, token: string): Promise<'public' | 'private' | undefined> {
  const { rows } = await sql<{ is_public: boolean }>`
    select is_public from media_items where token = ${token}`.execute(db);
  const row = rows[0];
  if (!row) return undefined;
  return row.is_public ? 'public' : 'private';
}

/** Takes ids ahead of their rows, for the job's input names its item. Ids that are not used stay gaps. */
export async function takeIds(db: Executor, count: number): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    select nextval(pg_get_serial_sequence('media_items', 'id')) as id from generate_series(1, (select ${count}::int))`.execute(
    db,
  );
  return rows.map((row) => row.id);
}

/** Writes items, their jobs and the entries about them in one statement. @returns when: the transaction's own time */
export async function acceptItems(
  db: Executor,
  items: readonly NewItem[],
  jobs: readonly NewJob[],
  entries: readonly AuditEntry[],
): Promise<Date> {
  const { rows } = await sql<{ created_at: Date }>`
    with ${acceptingJobs(jobs)},
    noted as (${auditing(entries)})
    insert into media_items (id, owner_id, job_id, file_type, mime_type, filename, original_key, token, file_size,
                             checksum, profile, is_public)
    overriding system value
    select id, owner_id, job_id, file_type, mime_type, filename, original_key, token, file_size, checksum, profile,
           is_public
    from jsonb_to_recordset(${JSON.stringify(items)}::jsonb) as given (
      id bigint, owner_id bigint, job_id uuid, file_type text, mime_type text, filename text, original_key text,
      token text, file_size bigint, checksum text, profile text[], is_public boolean)
    returning created_at`.execute(db);
  return rows[0]?.created_at ?? new Date();
}

/** Removes up to `limit` items whose job failed or was cancelled more than `ageMs` ago, and answers them. */
export async function deleteFailedItems(db: Executor, ageMs: number, limit: number): Promise<RemovedItem[]> {
  const { rows } = await sql<RemovedItem>`
    with old as (
      select m.id from media_items m join jobs j on j.id = m.job_id
      where j.status in ('failed', 'cancelled') and j.finished_at < now() - ${ageMs} * interval '1 ms'
      order by m.id limit ${limit} for update of m, j skip locked)
    delete from media_items m using old, jobs j where m.id = old.id and j.id = m.job_id
    returning ${removed}`.execute(db);
  return rows;
}

/** Which of these tokens belong to an item. */
export async function knownTokens(db: Executor, tokens: readonly string[]): Promise<Set<string>> {
  const { rows } = await sql<{ token: string }>`
    select token from media_items where token = any(${tokens}::text[])`.execute(db);
  return new Set(rows.map((row) => row.token));
}
