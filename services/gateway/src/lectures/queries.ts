import type { JobError, LectureLayout, LectureResult, LectureStatus } from '@mediaworks/contracts';
import type { Executor, Viewer } from '@mediaworks/jobs';
import { type RawBuilder, sql } from 'kysely';

/** What is written of a lecture. */
export interface NewLecture {
  id: string;
  owner_id: number;
  job_id: string;
  filename: string;
  video_key: string;
  file_size: number | null;
  checksum: string | null;
  source_url: string | null;
  subtitle_key: string | null;
  layout: LectureLayout;
}

/** A lecture and how its job stands. */
export interface LectureRow extends NewLecture {
  user_email: string;
  status: LectureStatus;
  percent: number;
  stage: string;
  result: LectureResult | null;
  error: JobError | null;
  created_at: Date;
  updated_at: Date;
}

const visibleTo = (viewer: Viewer) => (viewer === undefined ? sql`true` : sql`l.owner_id = ${viewer}`);

/** The one place where a lecture's status is said: it is its job's, in the words of the lecture API. */
const lectureStatus = sql`case job_status(j) when 'queued' then 'in_queue' else job_status(j) end`;

const select = (where: RawBuilder<unknown>, tail: RawBuilder<unknown>) => sql<LectureRow>`
  select l.id, l.owner_id, l.job_id, l.filename, l.video_key, l.file_size, l.checksum, l.source_url, l.subtitle_key,
    l.layout, l.created_at, greatest(l.created_at, j.updated_at) as updated_at, coalesce(u.email, u.username) as user_email,
    s.status, j.progress_percent::float8 as percent, j.progress_stage as stage,
    case when s.status = 'completed' then j.result end as result,
    case when s.status in ('failed', 'cancelled') then j.error end as error
  from lectures l
  join jobs j on j.id = l.job_id
  join users u on u.id = l.owner_id
  cross join lateral (select ${lectureStatus} as status) s
  where ${where} ${tail}`;

export async function findLecture(db: Executor, id: string, viewer: Viewer): Promise<LectureRow | undefined> {
  const { rows } = await select(sql`l.id = ${id} and ${visibleTo(viewer)}`, sql``).execute(db);
  return rows[0];
}

/** Newest first. */
export async function listLectures(
  db: Executor,
  viewer: Viewer,
  page: { offset: number; limit: number },
): Promise<LectureRow[]> {
  const tail = sql`order by l.created_at desc, l.id desc limit ${page.limit} offset ${page.offset}`;
  const { rows } = await select(visibleTo(viewer), tail).execute(db);
  return rows;
}

export async function countLectures(db: Executor, viewer: Viewer): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from lectures l where ${visibleTo(viewer)}`.execute(db);
  return rows[0]?.count ?? 0;
}

/** Everybody's, for administrators. */
export const listAllLectures = (
  db: Executor,
  page: { offset: number; limit: number },
): Promise<LectureRow[]> => listLectures(db, undefined, page);

/** @returns when it was written: the transaction's own time */
export async function insertLecture(db: Executor, lecture: NewLecture): Promise<Date> {
  const { rows } = await sql<{ created_at: Date }>`
    insert into lectures (id, owner_id, job_id, filename, video_key, file_size, checksum, source_url, subtitle_key, layout)
    values (${lecture.id}, ${lecture.owner_id}, ${lecture.job_id}, ${lecture.filename}, ${lecture.video_key},
            ${lecture.file_size}, ${lecture.checksum}, ${lecture.source_url}, ${lecture.subtitle_key}, ${lecture.layout})
    returning created_at`.execute(db);
  return rows[0]?.created_at ?? new Date();
}

/** Where the same bytes of the same owner lie already. */
export async function findSameVideo(
  db: Executor,
  video: { ownerId: number; checksum: string; size: number },
): Promise<string | undefined> {
  const { rows } = await sql<{ video_key: string }>`
    select video_key from lectures
    where owner_id = ${video.ownerId} and checksum = ${video.checksum} and file_size = ${video.size}
    order by created_at limit 1`.execute(db);
  return rows[0]?.video_key;
}

/** Keeps a video that another lecture has from being removed until the transaction ends. @returns whether it is there */
export async function lockVideo(tx: Executor, ownerId: number, videoKey: string): Promise<boolean> {
  const { rows } = await sql<{ id: string }>`
    select id from lectures where owner_id = ${ownerId} and video_key = ${videoKey}
    order by id limit 1 for update`.execute(tx);
  return rows.length === 1;
}

/** What is left of a lecture once its row is gone: what to cancel, and what to remove from the store. */
export interface RemovedLecture {
  id: string;
  owner_id: number;
  job_id: string;
  video_key: string;
  subtitle_key: string | null;
  /** Another lecture is made of the same video. */
  shared: boolean;
}

export async function deleteLecture(
  tx: Executor,
  id: string,
  viewer: Viewer,
): Promise<RemovedLecture | undefined> {
  const { rows } = await sql<Omit<RemovedLecture, 'shared'>>`
    delete from lectures l where l.id = ${id} and ${visibleTo(viewer)}
    returning l.id, l.owner_id, l.job_id, l.video_key, l.subtitle_key`.execute(tx);
  const [row] = rows;
  if (!row) return undefined;
  // A statement of its own, which sees what was written while the deletion waited for its row.
  const { rows: others } = await sql<{ id: string }>`
    select id from lectures where video_key = ${row.video_key} limit 1`.execute(tx);
  return { ...row, shared: others.length > 0 };
}

/** Which of these objects, with the lecture that each was stored for, a lecture still needs. */
export async function neededObjects(
  db: Executor,
  objects: readonly { key: string; lecture: string }[],
): Promise<Set<string>> {
  const { rows } = await sql<{ key: string }>`
    select given.key from unnest(${objects.map(({ key }) => key)}::text[], ${objects.map(({ lecture }) => lecture)}::uuid[])
      as given (key, lecture)
    where exists (select 1 from lectures l where l.id = given.lecture)
       or exists (select 1 from lectures l where l.video_key = given.key)`.execute(db);
  return new Set(rows.map((row) => row.key));
}

/** A worker that has said nothing for this long is taken for dead. */
const ALIVE_S = 30;

export interface WorkerFigures {
  workers: number;
  slots: number;
  busy: number;
  in_queue: number;
  processing: number;
}

/** Who is there to convert lectures, and how many wait. */
export async function countWorkers(db: Executor): Promise<WorkerFigures> {
  const { rows } = await sql<WorkerFigures>`
    select count(*) as workers, coalesce(sum(slots), 0)::bigint as slots, coalesce(sum(busy), 0)::bigint as busy,
      (select count(*) from open_jobs where type = 'lecture.convert' and status = 'queued') as in_queue,
      (select count(*) from open_jobs where type = 'lecture.convert' and status = 'processing') as processing
    from workers where service = 'lecture2pdf' and heartbeat_at > now() - ${ALIVE_S} * interval '1 s'`.execute(
    db,
  );
  return rows[0] ?? { workers: 0, slots: 0, busy: 0, in_queue: 0, processing: 0 };
}
