import { tiktokKeys } from '@mediaworks/contracts';
import type { Database } from '@mediaworks/database';
import type { ObjectStore } from '@mediaworks/storage';
import { type Kysely, sql } from 'kysely';
import { inOrder, type KeptVideo, videoColumns, type VideoKeeper } from './keeper.ts';

type Row = Omit<KeptVideo, 'uploaded_at' | 'stored_at'> & { uploaded_at: Date | null; stored_at: Date };

const fromRow = (row: Row): KeptVideo => ({
  ...row,
  uploaded_at: row.uploaded_at?.toISOString() ?? null,
  stored_at: row.stored_at.toISOString(),
});
const columns = sql.join(videoColumns.map((name) => sql.ref(name)));

/** Keeps the files in the object store and the rows in our own Postgres. */
export function createPostgresKeeper(db: Kysely<Database>, store: ObjectStore): VideoKeeper {
  return {
    usernameOf: async (studentId) => {
      const { rows } = await sql<{ username: string }>`
        select username from tiktok_users where student_id = ${studentId}`.execute(db);
      return rows[0]?.username;
    },
    link: async (studentId, username) => {
      await sql`
        insert into tiktok_users (student_id, username) values (${studentId}, ${username})
        on conflict (student_id) do update set username = excluded.username, updated_at = now()`.execute(db);
    },
    find: async (videoIds) => {
      const { rows } = await sql<Row>`
        select ${columns} from tiktok_videos where video_id = any(${videoIds}::text[])`.execute(db);
      return inOrder(rows.map(fromRow), videoIds);
    },
    videosOf: async (username, { offset, limit }) => {
      const { rows } = await sql<Row>`
        select ${columns} from tiktok_videos where username = ${username}
        order by uploaded_at desc nulls last, video_id desc limit ${limit} offset ${offset}`.execute(db);
      return rows.map(fromRow);
    },
    totalsOf: async (username) => {
      const { rows } = await sql<{ videos: number; bytes: number; last: Date | null }>`
        select count(*) as videos, coalesce(sum(size), 0)::bigint as bytes, max(stored_at) as last
        from tiktok_videos where username = ${username}`.execute(db);
      const { videos = 0, bytes = 0, last = null } = rows[0] ?? {};
      return { videos, bytes, lastStoredAt: last?.toISOString() ?? null };
    },
    keep: async (facts, files, signal) => {
      const keys = tiktokKeys(facts.username, facts.video_id);
      const thumbnail = files.thumbnail;
      const [{ size, sha256 }] = await Promise.all([
        store.putFile(keys.video, files.video, { contentType: 'video/mp4', signal }),
        thumbnail === undefined
          ? undefined
          : store.putFile(keys.thumbnail, thumbnail, { contentType: 'image/jpeg', signal }),
      ]);
      signal.throwIfAborted();
      const given = {
        ...facts,
        storage_path: keys.video,
        thumbnail_path: thumbnail === undefined ? null : keys.thumbnail,
        size,
        checksum: sha256,
      };
      const names = Object.keys(given).map((name) => sql.ref(name));
      const changed = names.map((name) => sql`${name} = excluded.${name}`);
      const { rows } = await sql<Row>`
        insert into tiktok_videos (${sql.join(names)}) values (${sql.join(Object.values(given))})
        on conflict (video_id) do update set ${sql.join(changed)}, stored_at = now()
        returning ${columns}`.execute(db);
      const [row] = rows;
      if (!row) throw new Error('the row was not returned');
      return fromRow(row);
    },
    addressesOf: async (paths, expiresInSeconds) =>
      new Map(
        await Promise.all(
          paths.map(async (path): Promise<[string, string]> => [
            path,
            await store.signedUrl(path, { expiresInSeconds }),
          ]),
        ),
      ),
    check: () => store.check(),
  };
}
