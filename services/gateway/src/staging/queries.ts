import type { Executor, Viewer } from '@mediaworks/jobs';
import { type RawBuilder, sql } from 'kysely';

/** Why an upload will never become anything. */
export interface Refusal {
  status: number;
  code: string;
  message: string;
}

/** An upload that comes in pieces, and how far it is. */
export interface StagedUpload {
  id: string;
  owner_id: number;
  service: 'lectures' | 'media';
  file_id: string | null;
  /** Of tus; null while the client has not said. */
  total_bytes: number | null;
  metadata: Record<string, string>;
  /** Bytes that have come. */
  received: number;
  /** Being put together. */
  held: boolean;
  created_at: Date;
  finished_at: Date | null;
  lecture_id: string | null;
  media_id: number | null;
  refusal: Refusal | null;
}

/** Every byte has come, and nothing was made of them yet. */
export const isWhole = (upload: StagedUpload): boolean =>
  upload.finished_at === null && upload.total_bytes !== null && upload.received === upload.total_bytes;

export interface Part {
  position: number;
  size: number;
  object_key: string;
}

/** Longer than any time between two {@link keepHold}. */
const HOLD_S = 45;

const select = (where: RawBuilder<unknown>, tail: RawBuilder<unknown>) => sql<StagedUpload>`
  select s.id, s.owner_id, s.service, s.file_id, s.total_bytes, s.metadata, s.created_at, s.finished_at, s.lecture_id,
    s.media_id, s.refusal, coalesce(s.held_until > now(), false) as held,
    case when s.finished_at is not null and s.total_bytes is not null then s.total_bytes
      else (select coalesce(sum(p.size), 0)::bigint from staged_parts p where p.upload_id = s.id) end as received
  from staged_uploads s where ${where} ${tail}`;

export async function findStaged(
  db: Executor,
  id: string,
  viewer: Viewer,
): Promise<StagedUpload | undefined> {
  const visible = viewer === undefined ? sql`true` : sql`s.owner_id = ${viewer}`;
  const { rows } = await select(sql`s.id = ${id} and ${visible}`, sql``).execute(db);
  return rows[0];
}

/** The upload that an owner calls so: the one that is open, or else the one that was finished last. */
export async function findByFileId(
  db: Executor,
  ownerId: number,
  fileId: string,
): Promise<StagedUpload | undefined> {
  const where = sql`s.owner_id = ${ownerId} and s.file_id = ${fileId}`;
  const { rows } = await select(where, sql`order by s.finished_at desc nulls first limit 1`).execute(db);
  return rows[0];
}

export interface NewStaged {
  id: string;
  owner_id: number;
  service: 'lectures' | 'media';
  total_bytes: number | null;
  metadata: Record<string, string>;
}

export async function insertStaged(db: Executor, upload: NewStaged): Promise<void> {
  await sql`
    insert into staged_uploads (id, owner_id, service, total_bytes, metadata)
    values (${upload.id}, ${upload.owner_id}, ${upload.service}, ${upload.total_bytes},
            ${JSON.stringify(upload.metadata)}::jsonb)`.execute(db);
}

export async function setTotalBytes(db: Executor, id: string, bytes: number): Promise<void> {
  await sql`update staged_uploads set total_bytes = ${bytes} where id = ${id}`.execute(db);
}

/**
 * The open upload in chunks of this name, made when there is none. One that was cut into another number of chunks is
 * another upload: its pieces would not fit.
 * @returns its id, and the keys of what was given up for it
 */
export async function openChunked(
  db: Executor,
  upload: { id: string; ownerId: number; fileId: string; totalChunks: number },
): Promise<{ id: string; givenUp: string[] }> {
  return db.transaction().execute(async (tx) => {
    const { id, ownerId, fileId, totalChunks } = upload;
    const given = await sql<{ object_key: string }>`
      with old as (
        delete from staged_uploads
        where owner_id = ${ownerId} and file_id = ${fileId} and finished_at is null
          and total_chunks <> ${totalChunks} and (held_until is null or held_until < now())
        returning id)
      select p.object_key from staged_parts p join old on old.id = p.upload_id`.execute(tx);
    // The update, which changes nothing, is what makes it answer a row that is there.
    const { rows } = await sql<{ id: string }>`
      insert into staged_uploads (id, owner_id, service, file_id, total_chunks)
      values (${id}, ${ownerId}, 'lectures', ${fileId}, ${totalChunks})
      on conflict (owner_id, file_id) where file_id is not null and finished_at is null
        do update set touched_at = now()
      returning id`.execute(tx);
    return { id: rows[0]?.id ?? id, givenUp: given.rows.map((row) => row.object_key) };
  });
}

export interface PartLimits {
  /** Most bytes of an upload, of all that an owner has open, and most parts. */
  uploadBytes: number;
  ownerBytes: number;
  parts: number;
}

export type PartOutcome =
  | { added: true; replaced: string | undefined }
  /** Finished, gone or being put together; too much; not where the upload ends. */
  | { added: false; why: 'late' | 'full' | 'gap' };

/**
 * Writes down a piece that is in the store. With `append` it must begin where the upload ends; otherwise it takes the
 * place of one that came before.
 */
export async function addPart(
  db: Executor,
  uploadId: string,
  part: Part,
  { append, limits }: { append: boolean; limits: PartLimits },
): Promise<PartOutcome> {
  return db.transaction().execute(async (tx): Promise<PartOutcome> => {
    const { rows: open } = await sql<{ owner_id: number; total_bytes: number | null }>`
      update staged_uploads set touched_at = now()
      where id = ${uploadId} and finished_at is null and (held_until is null or held_until < now())
      returning owner_id, total_bytes`.execute(tx);
    const [upload] = open;
    if (!upload) return { added: false, why: 'late' };
    const { rows } = await sql<{ bytes: number; parts: number; owners: number; replaced: string | null }>`
      select coalesce(sum(size) filter (where position <> ${part.position} or ${append}), 0)::bigint as bytes,
        count(*) as parts,
        min(object_key) filter (where position = ${part.position}) as replaced,
        (select coalesce(sum(p.size), 0)::bigint from staged_parts p join staged_uploads s on s.id = p.upload_id
         where s.owner_id = ${upload.owner_id} and s.finished_at is null) as owners
      from staged_parts where upload_id = ${uploadId}`.execute(tx);
    const { bytes = 0, parts = 0, owners = 0, replaced = null } = rows[0] ?? {};
    if (append && part.position !== bytes) return { added: false, why: 'gap' };
    const most = Math.min(limits.uploadBytes, upload.total_bytes ?? limits.uploadBytes);
    if (bytes + part.size > most || owners + part.size > limits.ownerBytes || parts >= limits.parts)
      return { added: false, why: 'full' };
    await sql`
      insert into staged_parts (upload_id, position, size, object_key)
      values (${uploadId}, ${part.position}, ${part.size}, ${part.object_key})
      on conflict (upload_id, position) do update set size = excluded.size, object_key = excluded.object_key`.execute(
      tx,
    );
    return { added: true, replaced: replaced ?? undefined };
  });
}

/** In their order. */
export async function listParts(db: Executor, uploadId: string): Promise<Part[]> {
  const { rows } = await sql<Part>`
    select position, size, object_key from staged_parts where upload_id = ${uploadId} order by position`.execute(
    db,
  );
  return rows;
}

/** Takes an open upload to put it together, for this process alone. @returns whether it is ours */
export async function takeHold(db: Executor, id: string): Promise<boolean> {
  const { rows } = await sql<{ id: string }>`
    update staged_uploads set held_until = now() + ${HOLD_S} * interval '1 s', touched_at = now()
    where id = ${id} and finished_at is null and (held_until is null or held_until < now())
    returning id`.execute(db);
  return rows.length === 1;
}

export async function keepHold(db: Executor, id: string): Promise<void> {
  await sql`
    update staged_uploads set held_until = now() + ${HOLD_S} * interval '1 s'
    where id = ${id} and finished_at is null`.execute(db);
}

export async function dropHold(db: Executor, id: string): Promise<void> {
  await sql`update staged_uploads set held_until = null where id = ${id} and finished_at is null`.execute(db);
}

/** Locks an upload in the transaction that makes something of it. @returns false when that has been done already */
export async function lockOpen(tx: Executor, id: string): Promise<boolean> {
  const { rows } = await sql<{ id: string }>`
    select id from staged_uploads where id = ${id} and finished_at is null for update`.execute(tx);
  return rows.length === 1;
}

/** Says what an open upload became. */
export async function settle(
  db: Executor,
  id: string,
  end: { lectureId: string } | { mediaId: number } | { refusal: Refusal },
): Promise<void> {
  const lecture = 'lectureId' in end ? end.lectureId : null;
  const media = 'mediaId' in end ? end.mediaId : null;
  const refusal = 'refusal' in end ? JSON.stringify(end.refusal) : null;
  await sql`
    update staged_uploads
    set finished_at = now(), held_until = null, lecture_id = ${lecture}, media_id = ${media}, refusal = ${refusal}::jsonb
    where id = ${id} and finished_at is null`.execute(db);
}

/** @returns the keys of the objects that nobody needs any more */
export async function forgetParts(db: Executor, id: string): Promise<string[]> {
  const { rows } = await sql<{ object_key: string }>`
    delete from staged_parts where upload_id = ${id} returning object_key`.execute(db);
  return rows.map((row) => row.object_key);
}

/** Removes an upload, unless it is just being put together. @returns the keys of its objects */
export async function deleteStaged(db: Executor, id: string): Promise<string[]> {
  const { rows } = await sql<{ object_key: string | null }>`
    with gone as (
      delete from staged_uploads
      where id = ${id} and (finished_at is not null or held_until is null or held_until < now()) returning id)
    select p.object_key from gone join staged_parts p on p.upload_id = gone.id`.execute(db);
  return rows.flatMap((row) => row.object_key ?? []);
}

/** Uploads that nobody has touched for so long, finished or not. */
export async function listAbandoned(
  db: Executor,
  ages: { openMs: number; finishedMs: number },
  limit: number,
): Promise<StagedUpload[]> {
  const where = sql`(s.held_until is null or s.held_until < now()) and greatest(s.touched_at, s.finished_at) < now() -
    case when s.finished_at is null then ${ages.openMs}::bigint else ${ages.finishedMs}::bigint end * interval '1 ms'`;
  const { rows } = await select(where, sql`order by s.touched_at limit ${limit}`).execute(db);
  return rows;
}

/** Which of these objects are pieces of an upload. */
export async function knownParts(db: Executor, keys: readonly string[]): Promise<Set<string>> {
  const { rows } = await sql<{ object_key: string }>`
    select object_key from staged_parts where object_key = any(${keys}::text[])`.execute(db);
  return new Set(rows.map((row) => row.object_key));
}
