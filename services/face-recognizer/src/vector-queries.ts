import type { Executor } from '@mediaworks/jobs';
import { errorFields, type Logger } from '@mediaworks/runtime';
import { sql } from 'kysely';
import { fromBytes } from './embedding-bytes.ts';
import type { GalleryMatch } from './engine/index.ts';

/** Embeddings that are copied at once: 5 MB of text for 512 numbers each. */
const PAGE = 1_000;

/** The search of a database that has pgvector. */
export interface Vectors {
  /** Brings an owner's vectors in step with the embeddings. What is deleted there goes by itself. */
  follow(ownerId: number): Promise<void>;
  /** The nearest persons, each by the best of their embeddings, nearest first. Exact: every vector is compared. */
  top(ownerId: number, embedding: Float32Array, count: number): Promise<GalleryMatch[]>;
}

/**
 * Opens pgvector where the database has it and lets us use it. Its table holds nothing that the embeddings do not, but a
 * running worker relies on what it has copied: it may be dropped while none runs.
 * @returns undefined where there is none
 */
export async function openVectors(
  db: Executor,
  modelId: string,
  log: Pick<Logger, 'info' | 'warn'>,
): Promise<Vectors | undefined> {
  const { rows } = await sql`select from pg_available_extensions where name = 'vector'`.execute(db);
  if (rows.length === 0) return undefined;
  try {
    await db.transaction().execute(makeTable);
  } catch (error) {
    log.warn('pgvector is there and can not be used', errorFields(error));
    return undefined;
  }
  log.info('pgvector is there: what is too large for memory is searched with it');

  return {
    follow: async (ownerId) => {
      for (let found = PAGE; found === PAGE;) found = await copyPage(db, ownerId, modelId);
    },
    top: async (ownerId, embedding, count) => {
      const asked = textOf(embedding);
      const { rows: best } = await sql<GalleryMatch>`
        select person, id, similarity from (
          select distinct on (f.person_id) f.person_id as person, v.person_photo_id as id,
            -(v.embedding <#> ${asked}::vector) as similarity
          from face_vectors v join person_photos f on f.id = v.person_photo_id
          where v.owner_id = ${ownerId} and v.model_id = ${modelId}
          order by f.person_id, v.embedding <#> ${asked}::vector) best
        order by similarity desc, person limit ${count}`.execute(db);
      return best;
    },
  };
}

async function makeTable(tx: Executor): Promise<void> {
  // Every replica looks as it starts: one at a time.
  await sql`select pg_advisory_xact_lock(hashtext('face_vectors'))`.execute(tx);
  await sql`create extension if not exists vector`.execute(tx);
  await sql`
    create table if not exists face_vectors (
      person_photo_id uuid not null,
      model_id text not null,
      owner_id bigint not null,
      embedding vector not null,
      primary key (person_photo_id, model_id),
      foreign key (person_photo_id, model_id) references face_embeddings on delete cascade)`.execute(tx);
  await sql`create index if not exists face_vectors_of_owner on face_vectors (owner_id, model_id)`.execute(
    tx,
  );
}

/** @returns how many embeddings without a vector were found, at most a page of them */
async function copyPage(db: Executor, ownerId: number, modelId: string): Promise<number> {
  const { rows } = await sql<{ photo_id: string; embedding: Buffer }>`
    select e.person_photo_id as photo_id, e.embedding from face_embeddings e
    where e.owner_id = ${ownerId} and e.model_id = ${modelId} and not exists (
      select from face_vectors v where v.person_photo_id = e.person_photo_id and v.model_id = e.model_id)
    limit ${PAGE}`.execute(db);
  if (rows.length === 0) return 0;
  const photos = rows.map(({ photo_id }) => photo_id);
  const vectors = rows.map(({ embedding }) => textOf(fromBytes(embedding)));
  // One that is deleted meanwhile is not copied; of two who copy the same, one does.
  await sql`
    insert into face_vectors (person_photo_id, model_id, owner_id, embedding)
    select e.person_photo_id, e.model_id, e.owner_id, g.embedding::vector
    from unnest(${photos}::uuid[], ${vectors}::text[]) as g (photo_id, embedding)
    join face_embeddings e on e.person_photo_id = g.photo_id and e.model_id = ${modelId}
    order by e.person_photo_id for key share of e
    on conflict do nothing`.execute(db);
  return rows.length;
}

/** As pgvector reads them. */
function textOf(embedding: Float32Array): string {
  return `[${embedding.join(',')}]`;
}
