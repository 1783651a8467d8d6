import type { FoundFace } from '@mediaworks/contracts';
import type { Executor } from '@mediaworks/jobs';
import { sql } from 'kysely';

/** How often an owner's gallery has changed; 0 when nobody was ever in it. */
export async function galleryVersion(db: Executor, ownerId: number): Promise<number> {
  const { rows } = await sql<{ version: number }>`
    select version from galleries where owner_id = ${ownerId}`.execute(db);
  return rows[0]?.version ?? 0;
}

/** Who is in a gallery, by the enrolled photo, and the version that this is of. */
export async function readGallery(
  db: Executor,
  ownerId: number,
  modelId: string,
): Promise<{ version: number; persons: Map<string, string> }> {
  // One statement sees one state: the version and the rows belong together.
  const { rows } = await sql<{ version: number; photo_id: string | null; person_id: string | null }>`
    select v.version, e.photo_id, e.person_id
    from (select coalesce((select version from galleries where owner_id = ${ownerId}), 0) as version) v
    left join (
      select f.id as photo_id, f.person_id
      from face_embeddings e join person_photos f on f.id = e.person_photo_id
      where e.owner_id = ${ownerId} and e.model_id = ${modelId}) e on true`.execute(db);
  const persons = new Map<string, string>();
  for (const { photo_id, person_id } of rows) if (photo_id && person_id) persons.set(photo_id, person_id);
  return { version: rows[0]?.version ?? 0, persons };
}

/** How large a gallery is, in embeddings and in persons, and the version that this is of. */
export async function countGallery(
  db: Executor,
  ownerId: number,
  modelId: string,
): Promise<{ version: number; size: number; persons: number }> {
  const { rows } = await sql<{ version: number; size: number; persons: number }>`
    select coalesce((select version from galleries where owner_id = ${ownerId}), 0) as version,
      count(*) as size, count(distinct f.person_id) as persons
    from face_embeddings e join person_photos f on f.id = e.person_photo_id
    where e.owner_id = ${ownerId} and e.model_id = ${modelId}`.execute(db);
  return rows[0] ?? { version: 0, size: 0, persons: 0 };
}

/** Embeddings of enrolled photos; one that is gone meanwhile does not come back. */
export async function readEmbeddings(
  db: Executor,
  modelId: string,
  photoIds: readonly string[],
): Promise<{ photo_id: string; embedding: Buffer }[]> {
  const { rows } = await sql<{ photo_id: string; embedding: Buffer }>`
    select person_photo_id as photo_id, embedding from face_embeddings
    where model_id = ${modelId} and person_photo_id = any (${photoIds}::uuid[])`.execute(db);
  return rows;
}

/**
 * Keeps what a model makes of the faces of a photo, in place of what was kept before. It is on the disk when the job's
 * completion is, which comes later in Postgres's log: a crash in between loses both, and the job is done again.
 * @returns false when the photo is gone
 */
export async function keepPhotoFaces(
  db: Executor,
  photoId: string,
  modelId: string,
  embeddings: readonly Buffer[],
): Promise<boolean> {
  const { rows } = await sql<{ there: boolean }>`
    with photo as (select id from photos where id = ${photoId} and object_key is not null for share),
    removed as (
      delete from photo_faces where photo_id = ${photoId} and face >= ${embeddings.length}),
    kept as (
      insert into photo_faces (photo_id, face, model_id, embedding)
      select photo.id, (e.n - 1)::integer, ${modelId}, e.embedding
      from photo cross join unnest(${embeddings}::bytea[]) with ordinality as e (embedding, n)
      on conflict (photo_id, face) do update set model_id = excluded.model_id, embedding = excluded.embedding)
    select exists (select from photo) as there, set_config('synchronous_commit', 'off', true)`.execute(db);
  return rows[0]?.there ?? false;
}

/** Enrols a face. @returns false when the photo, or its person, is gone */
export async function keepPersonFace(
  db: Executor,
  photoId: string,
  face: FoundFace,
  described: { modelId: string; embedding: Buffer },
): Promise<boolean> {
  const { rows } = await sql<{ person_photo_id: string }>`
    with photo as (
      update person_photos set face = ${JSON.stringify(face)}::jsonb where id = ${photoId} returning id, owner_id)
    insert into face_embeddings (person_photo_id, model_id, owner_id, embedding)
    select id, ${described.modelId}, owner_id, ${described.embedding}::bytea from photo
    on conflict (person_photo_id, model_id) do update set embedding = excluded.embedding
    returning person_photo_id`.execute(db);
  return rows.length === 1;
}

/** Describes an enrolled face by one more model. */
export async function addEmbedding(
  db: Executor,
  photoId: string,
  described: { modelId: string; embedding: Buffer },
): Promise<void> {
  await sql`
    insert into face_embeddings (person_photo_id, model_id, owner_id, embedding)
    select id, ${described.modelId}, owner_id, ${described.embedding}::bytea from person_photos where id = ${photoId}
    on conflict do nothing`.execute(db);
}

export interface UndescribedPhoto {
  id: string;
  object_key: string;
  face: FoundFace;
}

/** Enrolled photos that a model has not described, in the order of their ids. */
export async function undescribedPhotos(
  db: Executor,
  ownerId: number,
  modelId: string,
  page: { after: string; limit: number },
): Promise<UndescribedPhoto[]> {
  const { rows } = await sql<UndescribedPhoto>`
    select f.id, f.object_key, f.face from person_photos f
    where f.owner_id = ${ownerId} and f.face is not null and f.id > ${page.after}
      and not exists (select from face_embeddings e where e.person_photo_id = f.id and e.model_id = ${modelId})
    order by f.id limit ${page.limit}`.execute(db);
  return rows;
}

export async function countUndescribed(db: Executor, ownerId: number, modelId: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from person_photos f
    where f.owner_id = ${ownerId} and f.face is not null
      and not exists (select from face_embeddings e where e.person_photo_id = f.id and e.model_id = ${modelId})`.execute(
    db,
  );
  return rows[0]?.count ?? 0;
}

/** Owners of faces that a model has not described, and that nobody was asked to describe since they were enrolled. */
export async function ownersToReembed(tx: Executor, modelId: string): Promise<number[]> {
  // Every replica looks as it starts: one at a time.
  await sql`select pg_advisory_xact_lock(hashtext('faces.reembed'))`.execute(tx);
  const { rows } = await sql<{ owner_id: number }>`
    select f.owner_id from person_photos f
    where f.face is not null
      and not exists (select from face_embeddings e where e.person_photo_id = f.id and e.model_id = ${modelId})
    group by f.owner_id
    having not exists (
      select from jobs j
      where j.owner_id = f.owner_id and j.type = 'faces.reembed' and j.input ->> 'model_id' = ${modelId}
        and (j.status in ('queued', 'processing') or (j.status = 'completed' and j.created_at > max(f.created_at))))
    order by f.owner_id`.execute(tx);
  return rows.map(({ owner_id }) => owner_id);
}

export interface UnknownRow {
  photo_id: string;
  face: number;
  model_id: string;
  embedding: Buffer;
}

/** Faces of a batch that nobody knows, in upload order. */
export async function unknownFaces(db: Executor, batchId: string, limit: number): Promise<UnknownRow[]> {
  const { rows } = await sql<UnknownRow>`
    select u.photo_id, u.face, pf.model_id, pf.embedding
    from photo_unknown_faces u join photo_faces pf on pf.photo_id = u.photo_id and pf.face = u.face
    where u.batch_id = ${batchId}
    order by u.position, u.face limit ${limit}`.execute(db);
  return rows;
}

/** The photos of a batch that are there to be looked at. */
export async function photosOfBatch(
  db: Executor,
  batchId: string,
): Promise<{ photo_id: string; object_key: string }[]> {
  const { rows } = await sql<{ photo_id: string; object_key: string }>`
    select id as photo_id, object_key from photos
    where batch_id = ${batchId} and object_key is not null order by position`.execute(db);
  return rows;
}
