import type { FoundFace, Person } from '@mediaworks/contracts';
import type { Executor, Viewer } from '@mediaworks/jobs';
import { errorCode } from '@mediaworks/runtime';
import { type RawBuilder, sql } from 'kysely';
import { logTime } from './batch-queries.ts';

/** A person and the photos that it is known by. */
export interface PersonRow extends Omit<Person, 'created_at' | 'photo_count'> {
  owner_id: number;
  created_at: Date;
}

const visibleTo = (viewer: Viewer) => (viewer === undefined ? sql`true` : sql`p.owner_id = ${viewer}`);

const select = (where: RawBuilder<unknown>, tail: RawBuilder<unknown>) => sql<PersonRow>`
  select p.id, p.owner_id, p.name, p.created_at, coalesce(f.photos, '[]') as photos
  from persons p
  left join lateral (
    select json_agg(json_build_object('id', f.id, 'score', f.face -> 'score',
      'created_at', to_char(f.created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
      order by f.created_at, f.id) as photos
    from person_photos f where f.person_id = p.id and f.face is not null
  ) f on true
  where ${where} ${tail}`;

export async function findPerson(db: Executor, id: string, viewer: Viewer): Promise<PersonRow | undefined> {
  const { rows } = await select(sql`p.id = ${id} and ${visibleTo(viewer)}`, sql``).execute(db);
  return rows[0];
}

/** Newest first, by keyset. @param after the last of the page before */
export async function listPersons(
  db: Executor,
  viewer: Viewer,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<PersonRow[]> {
  const older =
    after === undefined
      ? sql`true`
      : sql`(p.created_at, p.id) < (select k.created_at, k.id from persons k where k.id = ${after}::uuid)`;
  const tail = sql`order by p.created_at desc, p.id desc limit ${limit}`;
  const { rows } = await select(sql`${visibleTo(viewer)} and ${older}`, tail).execute(db);
  return rows;
}

export async function countPersons(db: Executor, viewer: Viewer): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from persons p where ${visibleTo(viewer)}`.execute(db);
  return rows[0]?.count ?? 0;
}

/** @returns false when the owner has a person of that name */
export async function insertPerson(
  tx: Executor,
  person: { id: string; ownerId: number; name: string },
): Promise<boolean> {
  const { rows } = await sql<{ id: string }>`
    insert into persons (id, owner_id, name) values (${person.id}, ${person.ownerId}, ${person.name})
    on conflict do nothing returning id`.execute(tx);
  return rows.length === 1;
}

/** Keeps a person from being deleted, or changed at all, until the transaction ends. @returns whether it is there */
export async function lockPerson(
  tx: Executor,
  id: string,
  against: 'deletion' | 'change' = 'deletion',
): Promise<boolean> {
  const strength = against === 'deletion' ? sql`for share` : sql`for update`;
  const { rows } = await sql<{ id: string }>`select id from persons where id = ${id} ${strength}`.execute(tx);
  return rows.length === 1;
}

export async function findByName(tx: Executor, ownerId: number, name: string): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`
    select id from persons where owner_id = ${ownerId} and lower(name) = lower(${name}) for share`.execute(
    tx,
  );
  return rows[0]?.id;
}

const UNIQUE_VIOLATION = '23505';

/** @returns false when another of the owner's persons has the name */
export async function renamePerson(db: Executor, id: string, name: string): Promise<boolean> {
  try {
    await sql`update persons set name = ${name}, updated_at = now() where id = ${id}`.execute(db);
    return true;
  } catch (error) {
    if (errorCode(error) === UNIQUE_VIOLATION) return false;
    throw error;
  }
}

export interface NewPersonPhoto {
  id: string;
  ownerId: number;
  personId: string;
  jobId: string | null;
  key: string;
}

export async function insertPersonPhoto(tx: Executor, photo: NewPersonPhoto): Promise<void> {
  await sql`
    insert into person_photos (id, owner_id, person_id, job_id, object_key)
    values (${photo.id}, ${photo.ownerId}, ${photo.personId}, ${photo.jobId}, ${photo.key})`.execute(tx);
}

export async function countPhotos(tx: Executor, personId: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from person_photos where person_id = ${personId}`.execute(tx);
  return rows[0]?.count ?? 0;
}

export interface PersonPhotoRow {
  /** It may have been merged into another person since it came. */
  person_id: string;
  job_id: string | null;
}

export async function findPersonPhoto(db: Executor, id: string): Promise<PersonPhotoRow | undefined> {
  const { rows } = await sql<PersonPhotoRow>`
    select person_id, job_id from person_photos where id = ${id}`.execute(db);
  return rows[0];
}

/** @returns the object's key; undefined when the person has no such photo */
export async function deletePersonPhoto(
  tx: Executor,
  personId: string,
  photoId: string,
): Promise<string | undefined> {
  const { rows } = await sql<{ object_key: string }>`
    delete from person_photos where id = ${photoId} and person_id = ${personId} returning object_key`.execute(
    tx,
  );
  return rows[0]?.object_key;
}

/** Removes a photo that no face was taken from. @returns the object's key */
export async function deleteRefusedPhoto(tx: Executor, photoId: string): Promise<string | undefined> {
  const { rows } = await sql<{ object_key: string }>`
    delete from person_photos where id = ${photoId} and face is null returning object_key`.execute(tx);
  return rows[0]?.object_key;
}

/**
 * Erases a person: its name, its photos, what was made of them, and what is kept of its face on photos of batches.
 * @returns the keys of its photos
 */
export async function erasePerson(tx: Executor, person: { id: string; owner_id: number }): Promise<string[]> {
  await sql`
    delete from photo_faces pf using photo_recognised r
    where r.person_id = ${person.id} and pf.photo_id = r.photo_id and pf.face = r.face
      and r.batch_id = any (array(select b.id from photo_batches b where b.owner_id = ${person.owner_id}))`.execute(
    tx,
  );
  const { rows } = await sql<{ object_key: string }>`
    delete from person_photos where person_id = ${person.id} returning object_key`.execute(tx);
  await sql`delete from persons where id = ${person.id}`.execute(tx);
  return rows.map(({ object_key }) => object_key);
}

/** Everything of `from` becomes `into`'s, what was found before too. */
export async function mergePersons(tx: Executor, from: string, into: string): Promise<void> {
  await sql`update person_photos set person_id = ${into} where person_id = ${from}`.execute(tx);
  await sql`update photo_face_names set person_id = ${into} where person_id = ${from}`.execute(tx);
  await sql`update person_aliases set person_id = ${into} where person_id = ${from}`.execute(tx);
  await sql`insert into person_aliases (old_id, person_id) values (${from}, ${into})`.execute(tx);
  await sql`delete from persons where id = ${from}`.execute(tx);
  await sql`update persons set updated_at = now() where id = ${into}`.execute(tx);
}

export interface PhotoExportRow {
  id: string;
  object_key: string;
  face: FoundFace;
  created_at: Date;
  embeddings: { model_id: string; values: string }[];
}

export async function exportPhotos(db: Executor, personId: string): Promise<PhotoExportRow[]> {
  const { rows } = await sql<PhotoExportRow>`
    select f.id, f.object_key, f.face, f.created_at, coalesce((
      select json_agg(json_build_object('model_id', e.model_id,
        'values', translate(encode(e.embedding, 'base64'), E'\n', '')) order by e.model_id)
      from face_embeddings e where e.person_photo_id = f.id), '[]') as embeddings
    from person_photos f where f.person_id = ${personId} and f.face is not null
    order by f.created_at, f.id`.execute(db);
  return rows;
}

export interface SightingRow {
  batch_id: string;
  filename: string;
  timestamp: string;
  box: FoundFace['box'];
  confidence: number;
}

/** Where a person was recognised, the last first. */
export async function exportSightings(
  db: Executor,
  person: { id: string; owner_id: number },
): Promise<SightingRow[]> {
  const { rows } = await sql<SightingRow>`
    select r.batch_id, ph.filename, ${logTime(sql`j.finished_at`)} as timestamp,
      j.result -> 'faces' -> r.face -> 'box' as box, r.confidence
    from photo_recognised r
    join photos ph on ph.id = r.photo_id
    join jobs j on j.id = ph.job_id
    where r.person_id = ${person.id}
      and r.batch_id = any (array(select b.id from photo_batches b where b.owner_id = ${person.owner_id}))
    order by j.finished_at desc, ph.id, r.face`.execute(db);
  return rows;
}

/** Photos whose enrolment came to nothing while nobody waited for it. @returns keys of their objects */
export async function deleteAbandonedPhotos(tx: Executor, limit: number): Promise<string[]> {
  const { rows } = await sql<{ object_key: string }>`
    delete from person_photos where id in (
      select f.id from person_photos f join jobs j on j.id = f.job_id
      where f.face is null and j.status in ('completed', 'failed', 'cancelled') and j.finished_at < now() - interval '1 day'
      limit ${limit} for update of f skip locked)
    returning object_key`.execute(tx);
  return rows.map(({ object_key }) => object_key);
}
