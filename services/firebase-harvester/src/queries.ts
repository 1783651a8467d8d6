import type { HarvestKind, HarvestManifestLine, HarvestOutcome } from '@mediaworks/contracts';
import type { Executor } from '@mediaworks/jobs';
import { sql } from 'kysely';

/** Someone in the users' collection, with the names that the folder may have, the best first. */
export interface FoundUser {
  doc_id: string;
  email: string;
  folders: readonly string[];
}

export interface KnownUser {
  id: number;
  doc_id: string;
  email: string;
  folder: string;
}

/** Gives each user its folder for good: the first name that nobody has. In the order given. */
export async function settleUsers(db: Executor, found: readonly FoundUser[]): Promise<KnownUser[]> {
  const known = new Map<string, KnownUser>();
  const names = Math.max(0, ...found.map(({ folders }) => folders.length));
  for (let choice = 0; choice <= names; choice++) {
    const missing = found.filter(({ doc_id }) => !known.has(doc_id));
    if (missing.length === 0) break;
    const rows = missing.map(({ folders, ...user }, n) => ({ ...user, n, folder: folders[choice] ?? '' }));
    const { rows: settled } = await sql<KnownUser>`
      with given as (
        select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as g (n integer, doc_id text, email text, folder text)),
      renamed as (
        update harvest_users u set email = g.email from given g
        where u.doc_id = g.doc_id and u.email <> g.email
        returning u.id, u.doc_id, u.email, u.folder),
      added as (
        insert into harvest_users (doc_id, email, folder)
        select g.doc_id, g.email, g.folder from given g
        where g.folder <> '' and not exists (select 1 from harvest_users u where u.doc_id = g.doc_id)
        order by g.n
        on conflict do nothing
        returning id, doc_id, email, folder)
      select * from added
      union all select * from renamed
      union all
      select u.id, u.doc_id, u.email, u.folder from harvest_users u join given g on g.doc_id = u.doc_id
      where not exists (select 1 from renamed r where r.id = u.id)`.execute(db);
    for (const user of settled) known.set(user.doc_id, user);
  }
  return found.flatMap(({ doc_id }) => known.get(doc_id) ?? []);
}

/** A file of a user, with the keys that it may lie at, the best first. */
export interface ClaimedName {
  source: string;
  kind: HarvestKind;
  bucket: string;
  storage_path: string;
  keys: readonly string[];
}

/** A file as it is known: by its name alone until it lies there. */
export interface KnownFile {
  source: string;
  object_key: string;
  generation: string | null;
  size: number | null;
  sha256: string | null;
  md5: string | null;
  crc32c: string | null;
  run_id: string | null;
  /** Whether the name was given before now: a try that was cut short may have left the file there. */
  known: boolean;
}

const BATCH = 1_000;

/** Gives each file its name for good: the first key that no other file has. By source. */
export async function settleNames(
  db: Executor,
  userId: number,
  files: readonly ClaimedName[],
): Promise<Map<string, KnownFile>> {
  const known = new Map<string, KnownFile>();
  for (let start = 0; start < files.length; start += BATCH) {
    const batch = files.slice(start, start + BATCH);
    const sources = batch.map(({ source }) => source);
    const { rows: old } = await sql<Omit<KnownFile, 'known'>>`
      select source, object_key, generation, size, sha256, md5, crc32c, run_id from harvested_files
      where user_id = ${userId} and source = any(${sources}::text[])`.execute(db);
    for (const row of old) known.set(row.source, { ...row, known: true });
    const names = Math.max(0, ...batch.map(({ keys }) => keys.length));
    for (let choice = 0; choice < names; choice++) {
      const missing = batch.filter(({ source }) => !known.has(source));
      if (missing.length === 0) break;
      const rows = missing.map(({ keys, ...file }, n) => ({
        ...file,
        n,
        object_key: keys[choice] ?? keys.at(-1),
      }));
      const { rows: settled } = await sql<Omit<KnownFile, 'known'>>`
        insert into harvested_files (user_id, source, kind, object_key, bucket, storage_path)
        select ${userId}, source, kind, object_key, bucket, storage_path
        from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
          as g (n integer, source text, kind text, object_key text, bucket text, storage_path text)
        order by n
        on conflict do nothing
        returning source, object_key, generation, size, sha256, md5, crc32c, run_id`.execute(db);
      for (const row of settled) known.set(row.source, { ...row, known: false });
    }
  }
  return known;
}

/** A version of a file that lies in the store now. */
export interface HarvestedVersion {
  user_id: number;
  source: string;
  generation: string;
  source_size: number;
  md5: string | null;
  crc32c: string | null;
  size: number;
  sha256: string;
  content_type: string;
  run_id: string;
}

/**
 * Writes down what lies there, for each in one statement. The users are named once more, by themselves: how many lines a
 * document has, Postgres can't tell, and it would read the whole table for what may be a hundred of them.
 */
export async function recordVersions(db: Executor, versions: readonly HarvestedVersion[]): Promise<void> {
  const users = [...new Set(versions.map(({ user_id }) => user_id))];
  await sql`
    update harvested_files f
    set generation = g.generation, source_size = g.source_size, md5 = g.md5, crc32c = g.crc32c, size = g.size,
        sha256 = g.sha256, content_type = g.content_type, run_id = g.run_id, harvested_at = now()
    from jsonb_to_recordset(${JSON.stringify(versions)}::jsonb)
      as g (user_id bigint, source text, generation text, source_size bigint, md5 text, crc32c text, size bigint,
            sha256 text, content_type text, run_id uuid)
    where f.user_id = any(${users}::bigint[]) and f.user_id = g.user_id and f.source = g.source`.execute(db);
}

/** What a run found of one entry of a user's lists; a line of its manifest. */
export type HarvestEntry = Omit<HarvestManifestLine, 'user_email'> & { outcome: HarvestOutcome };

/** Writes what a run found of a user, in place of what an earlier try wrote. */
export async function saveEntries(
  db: Executor,
  owner: { run_id: string; user_id: number },
  entries: readonly HarvestEntry[],
): Promise<void> {
  // Most are written by one statement, which needs no transaction around it.
  if (entries.length <= BATCH) {
    await writeEntries(db, owner, entries, 'replace');
    return;
  }
  await db.transaction().execute(async (tx) => {
    for (let start = 0; start < entries.length; start += BATCH) {
      const batch = entries.slice(start, start + BATCH);
      await writeEntries(tx, owner, batch, start === 0 ? 'replace' : 'add');
    }
  });
}

async function writeEntries(
  db: Executor,
  { run_id, user_id }: { run_id: string; user_id: number },
  entries: readonly HarvestEntry[],
  way: 'replace' | 'add',
): Promise<void> {
  // What is counted has been deleted before the first row is added.
  await sql`
    with gone as (
      delete from harvest_entries
      where ${way === 'replace'} and run_id = ${run_id} and user_id = ${user_id} returning 1),
    cleared as (select count(*) from gone)
    insert into harvest_entries (run_id, user_id, kind, position, media_id, storage_path, outcome, object_key, size,
                                 sha256, md5, crc32c, generation, code, message)
    select ${run_id}, ${user_id}, kind, position, id, storage_path, outcome, path, size, sha256, md5, crc32c,
           generation, code, message
    from cleared, jsonb_to_recordset(${JSON.stringify(entries)}::jsonb)
      as g (kind text, position integer, id text, storage_path text, outcome text, path text, size bigint,
            sha256 text, md5 text, crc32c text, generation text, code text, message text)`.execute(db);
}

/** Forgets the manifests of all runs but the latest ones. */
export async function forgetOldEntries(db: Executor, kept: number): Promise<void> {
  await sql`
    delete from harvest_entries where run_id in (
      select id from harvest_runs order by created_at desc, id desc offset ${kept})`.execute(db);
}
