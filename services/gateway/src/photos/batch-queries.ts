import type { BatchEntry, BatchSummary, JobStatus, RecogniseResult } from '@mediaworks/contracts';
import type { Executor, Viewer } from '@mediaworks/jobs';
import { type RawBuilder, sql } from 'kysely';

/** What is written of a photo of a batch. */
export interface NewPhoto {
  id: string;
  filename: string;
  object_key: string | null;
  job_id: string | null;
  refusal: { code: string; message: string } | null;
  received_at: Date;
}

/** A batch, and what became of its photos so far. */
export interface BatchRow extends BatchSummary {
  id: string;
  owner_id: number;
  job_id: string | null;
  threshold: number;
  /** As the log says it. */
  created: string;
  processed: number;
  status: 'processing' | 'completed' | 'cancelled';
}

/** A photo of a batch and how its job stands. */
export interface EntryRow {
  id: string;
  filename: string;
  domain: string;
  timestamp: string;
  status: JobStatus;
  error: BatchEntry['error'];
  result: Pick<RecogniseResult, 'faces' | 'processing_time_ms'> | null;
}

/** One of the best three of a face. */
export interface MatchRow {
  photo_id: string;
  face: number;
  person: string;
  confidence: number;
  /** Sure enough for the batch, and the best. */
  recognised: boolean;
}

const visibleTo = (viewer: Viewer) => (viewer === undefined ? sql`true` : sql`b.owner_id = ${viewer}`);

/** As the clients of old know times: UTC, with microseconds and without an offset. */
export const logTime = (time: RawBuilder<unknown>) =>
  sql`to_char(${time} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US')`;

const select = (where: RawBuilder<unknown>, tail: RawBuilder<unknown>) => sql<BatchRow>`
  with chosen as materialized (select b.* from photo_batches b where ${where} ${tail}),
  recognised as materialized (
    select * from photo_recognised r where r.batch_id = any (array(select c.id from chosen c))),
  primaries as (select distinct on (photo_id) * from recognised order by photo_id, face),
  persons as (
    select batch_id, count(*)::int as unique_persons, json_agg(person order by first) as persons_list
    from (
      select r.batch_id, r.person_id, r.person, min(array[ph.position, r.face]) as first
      from recognised r join photos ph on ph.id = r.photo_id group by r.batch_id, r.person_id, r.person) p
    group by batch_id),
  counts as (
    select ph.batch_id, count(*)::int as total_photos,
      count(*) filter (where j.id is null or j.status in ('completed', 'failed', 'cancelled'))::int as processed,
      count(p.photo_id)::int as recognized_count, round(coalesce(avg(p.confidence), 0)::numeric, 2)::float8 as avg_confidence
    from photos ph
    left join jobs j on j.id = ph.job_id
    left join primaries p on p.photo_id = ph.id
    where ph.batch_id = any (array(select c.id from chosen c))
    group by ph.batch_id)
  select c.id, c.owner_id, c.job_id, c.threshold, ${logTime(sql`c.created_at`)} as created,
    n.total_photos, n.processed, n.recognized_count, n.processed - n.recognized_count as unrecognized_count,
    round(100.0 * n.recognized_count / greatest(1, n.processed), 2)::float8 as recognition_rate,
    coalesce(p.unique_persons, 0) as unique_persons, coalesce(p.persons_list, '[]') as persons_list, n.avg_confidence,
    case when n.processed < n.total_photos then 'processing'
         when j.status = 'cancelled' then 'cancelled' else 'completed' end as status
  from chosen c
  join counts n on n.batch_id = c.id
  left join persons p on p.batch_id = c.id
  left join jobs j on j.id = c.job_id
  order by c.created_at desc, c.id desc`;

export async function findBatch(db: Executor, id: string, viewer: Viewer): Promise<BatchRow | undefined> {
  const { rows } = await select(sql`b.id = ${id} and ${visibleTo(viewer)}`, sql``).execute(db);
  return rows[0];
}

/** Newest first. */
export async function listBatches(db: Executor, viewer: Viewer, limit: number): Promise<BatchRow[]> {
  const tail = sql`order by b.created_at desc, b.id desc limit ${limit}`;
  const { rows } = await select(visibleTo(viewer), tail).execute(db);
  return rows;
}

export async function countBatches(db: Executor, viewer: Viewer): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from photo_batches b where ${visibleTo(viewer)}`.execute(db);
  return rows[0]?.count ?? 0;
}

/** In upload order. */
export async function listEntries(db: Executor, batchId: string): Promise<EntryRow[]> {
  const { rows } = await sql<EntryRow>`
    select ph.id, ph.filename, b.domain, ${logTime(sql`coalesce(j.finished_at, ph.received_at)`)} as timestamp,
      coalesce(j.status, 'failed') as status,
      coalesce(ph.refusal, case when j.status in ('failed', 'cancelled')
        then jsonb_build_object('code', j.error -> 'code', 'message', j.error -> 'message') end) as error,
      case when j.status = 'completed' then j.result end as result
    from photos ph
    join photo_batches b on b.id = ph.batch_id
    left join jobs j on j.id = ph.job_id
    where ph.batch_id = ${batchId} order by ph.position`.execute(db);
  return rows;
}

/** The best three of every face of a batch, the best first. */
export async function listMatches(db: Executor, batchId: string): Promise<MatchRow[]> {
  const { rows } = await sql<MatchRow>`
    select photo_id, face, person, confidence, recognised from (
      select m.photo_id, m.face, m.person, m.confidence, r.person_id is not null as recognised,
        row_number() over (partition by m.photo_id, m.face order by m.confidence desc, m.similarity desc nulls first, m.person_id) as rank
      from photo_matches m
      left join (select * from photo_recognised where batch_id = ${batchId}) r
        on r.photo_id = m.photo_id and r.face = m.face and r.person_id = m.person_id
      where m.batch_id = ${batchId}) ranked
    where rank <= 3 order by photo_id, face, rank`.execute(db);
  return rows;
}

export async function insertBatch(
  tx: Executor,
  batch: { id: string; owner_id: number; job_id: string | null; domain: string; threshold: number },
  photos: readonly NewPhoto[],
): Promise<void> {
  await sql`
    insert into photo_batches (id, owner_id, job_id, domain, threshold)
    values (${batch.id}, ${batch.owner_id}, ${batch.job_id}, ${batch.domain}, ${batch.threshold})`.execute(
    tx,
  );
  await sql`
    insert into photos (id, batch_id, position, filename, object_key, job_id, refusal, received_at)
    select p.id, ${batch.id}, p.position, p.filename, p.object_key, p.job_id, p.refusal, p.received_at
    from jsonb_to_recordset(${JSON.stringify(photos.map((photo, position) => ({ ...photo, position })))}::jsonb) as p (
      id uuid, position integer, filename text, object_key text, job_id uuid, refusal jsonb, received_at timestamptz)`.execute(
    tx,
  );
}

/** A new batch's id: when it came, and a number of its own, of four digits or more. */
export async function takeBatchId(db: Executor): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    select to_char(now() at time zone 'utc', 'YYYYMMDD_HH24MISS_') || lpad(n::text, greatest(4, length(n::text)), '0') as id
    from nextval('photo_batch_numbers') n`.execute(db);
  const [row] = rows;
  if (!row) throw new Error('a sequence had no next value');
  return row.id;
}

export interface RemovedBatch {
  owner_id: number;
  job_id: string | null;
  /** Objects that may be there. */
  keys: string[];
}

/** The batch, its photos and what was found on them; undefined when there is no such batch. */
export async function deleteBatch(
  tx: Executor,
  id: string,
  viewer: Viewer,
): Promise<RemovedBatch | undefined> {
  const { rows: found } = await sql<{ owner_id: number; job_id: string | null }>`
    select b.owner_id, b.job_id from photo_batches b where b.id = ${id} and ${visibleTo(viewer)} for update`.execute(
    tx,
  );
  const [batch] = found;
  if (!batch) return undefined;
  const { rows } = await sql<{ object_key: string | null; job_id: string | null }>`
    delete from photos where batch_id = ${id} returning object_key, job_id`.execute(tx);
  await sql`delete from photo_batches where id = ${id}`.execute(tx);
  // The ledger remembers that something was done, not who was seen.
  const jobs = rows.flatMap(({ job_id }) => job_id ?? []);
  await sql`update jobs set result = null where id = any (${jobs}::uuid[]) and result is not null`.execute(
    tx,
  );
  return { ...batch, keys: rows.flatMap(({ object_key }) => object_key ?? []) };
}

export interface OldPhoto {
  owner_id: number;
  object_key: string;
}

/** Forgets the photos, and strangers on them, that were received that long ago and have nothing left to do. */
export async function forgetOldPhotos(tx: Executor, retentionMs: number, limit: number): Promise<OldPhoto[]> {
  const { rows } = await sql<OldPhoto & { id: string }>`
    with old as (
      select ph.id, ph.object_key, b.owner_id
      from photos ph join photo_batches b on b.id = ph.batch_id join jobs j on j.id = ph.job_id
      where ph.object_key is not null and ph.received_at < now() - ${retentionMs} * interval '1 ms'
        and j.status in ('completed', 'failed', 'cancelled')
      order by ph.received_at limit ${limit} for update of ph skip locked)
    update photos set object_key = null from old where photos.id = old.id
    returning photos.id, old.object_key, old.owner_id`.execute(tx);
  await sql`delete from photo_faces where photo_id = any (${rows.map(({ id }) => id)}::uuid[])`.execute(tx);
  return rows;
}

/** Of these photos, those that a row names. */
export async function knownPhotos(
  db: Executor,
  table: 'photos' | 'person_photos',
  ids: readonly string[],
): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    select id from ${sql.table(table)} where id = any (${ids}::uuid[]) and object_key is not null`.execute(
    db,
  );
  return new Set(rows.map(({ id }) => id));
}
