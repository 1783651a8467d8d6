import type { FaceMatch, FoundFace, JobStatus } from '@mediaworks/contracts';
import type { Executor } from '@mediaworks/jobs';
import { sql } from 'kysely';

/** Which faces of a batch nobody knows, in one word, and the job that grouped them last. */
export interface UnknownsRow {
  basis: string;
  count: number;
  job_id: string | null;
  job_status: JobStatus | null;
  job_basis: string | null;
}

export async function findUnknowns(db: Executor, batchId: string): Promise<UnknownsRow | undefined> {
  const { rows } = await sql<UnknownsRow>`
    select u.basis, u.count, j.id as job_id, j.status as job_status, j.input ->> 'basis' as job_basis
    from photo_batches b
    left join jobs j on j.id = b.grouping_job_id
    cross join lateral (
      select count(*)::int as count,
        md5(coalesce(string_agg(u.photo_id || '.' || u.face, ' ' order by u.position, u.face), '')) as basis
      from photo_unknown_faces u where u.batch_id = ${batchId}) u
    where b.id = ${batchId}`.execute(db);
  return rows[0];
}

export async function setGroupingJob(tx: Executor, batchId: string, jobId: string): Promise<void> {
  await sql`update photo_batches set grouping_job_id = ${jobId} where id = ${batchId}`.execute(tx);
}

export interface BatchFace {
  photo_id: string;
  face: number;
  filename: string;
  box: FoundFace['box'];
}

/** Where these faces of a batch are. Of a photo that is gone nothing comes back. */
export async function findFaces(
  db: Executor,
  batchId: string,
  faces: readonly { photo_id: string; face: number }[],
): Promise<BatchFace[]> {
  const { rows } = await sql<BatchFace>`
    select g.photo_id, g.face, ph.filename, j.result -> 'faces' -> g.face -> 'box' as box
    from jsonb_to_recordset(${JSON.stringify(faces)}::jsonb) as g (photo_id uuid, face integer)
    join photos ph on ph.id = g.photo_id and ph.batch_id = ${batchId}
    join jobs j on j.id = ph.job_id and j.status = 'completed'
    order by ph.position, g.face`.execute(db);
  return rows;
}

export interface NameableFace {
  photo_id: string;
  face: number;
  filename: string;
  object_key: string | null;
  found: FoundFace;
  model_id: string;
}

/** These faces as long as nobody has named them, kept as they are until the transaction ends; the clearest first. */
export async function lockFaces(
  tx: Executor,
  batchId: string,
  faces: readonly { photo_id: string; face: number }[],
): Promise<NameableFace[]> {
  const { rows } = await sql<NameableFace & { found: FoundFace & { matches: FaceMatch[] } }>`
    select pf.photo_id, pf.face, ph.filename, ph.object_key, (j.result -> 'faces' -> pf.face) - 'matches' as found,
      pf.model_id
    from jsonb_to_recordset(${JSON.stringify(faces)}::jsonb) as g (photo_id uuid, face integer)
    join photo_faces pf on pf.photo_id = g.photo_id and pf.face = g.face
    join photos ph on ph.id = g.photo_id and ph.batch_id = ${batchId}
    join jobs j on j.id = ph.job_id and j.status = 'completed'
    where not exists (select from photo_face_names n where n.photo_id = g.photo_id and n.face = g.face)
    order by (j.result -> 'faces' -> pf.face -> 'quality' ->> 'sharpness')::float8 desc
    for update of pf`.execute(tx);
  return rows;
}

export async function nameFaces(
  tx: Executor,
  faces: readonly { photo_id: string; face: number }[],
  personId: string,
): Promise<void> {
  await sql`
    insert into photo_face_names (photo_id, face, person_id)
    select g.photo_id, g.face, ${personId}
    from jsonb_to_recordset(${JSON.stringify(faces)}::jsonb) as g (photo_id uuid, face integer)
    on conflict (photo_id, face) do update set person_id = excluded.person_id`.execute(tx);
}

/** A face of a batch becomes one that its person is known by from now on. */
export async function enrolNamedFace(
  tx: Executor,
  face: Pick<NameableFace, 'photo_id' | 'face' | 'found'>,
  photo: { id: string; ownerId: number; personId: string; key: string },
): Promise<void> {
  const { id, ownerId } = photo;
  await sql`
    insert into person_photos (id, owner_id, person_id, object_key, face)
    values (${id}, ${ownerId}, ${photo.personId}, ${photo.key}, ${JSON.stringify(face.found)}::jsonb)`.execute(
    tx,
  );
  await sql`
    insert into face_embeddings (person_photo_id, model_id, owner_id, embedding)
    select ${id}, model_id, ${ownerId}, embedding
    from photo_faces where photo_id = ${face.photo_id} and face = ${face.face}`.execute(tx);
}
