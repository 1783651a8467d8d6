import { tiktokKeys } from '@mediaworks/contracts';
import { inOrder, type KeptVideo, videoColumns, type VideoKeeper } from './keeper.ts';
import { explainSupabase } from './supabase-errors.ts';
import { openBucket, openClient, type SupabaseOptions } from './supabase-files.ts';

const COLUMNS = videoColumns.join(',');
/** PostgREST answers no more than this at once, unless it is told to. */
const PAGE = 1_000;
/** An id is some 20 characters of an address. */
const IDS_AT_ONCE = 100;

/** Keeps the files in a bucket of Supabase Storage and the rows in Supabase's own Postgres. */
export function createSupabaseKeeper(options: SupabaseOptions): VideoKeeper {
  const bucket = openBucket(options);
  const client = openClient(options);
  const users = () => client.from('tiktok_users');
  const videos = () => client.from('tiktok_videos');
  /** @throws what the error means */
  const good = <T>(answer: { data: T; error: unknown; status?: number }): T => {
    if (answer.error === null) return answer.data;
    const { error, status } = answer;
    throw explainSupabase(typeof error === 'object' ? { status, ...error } : error, options.bucket);
  };

  return {
    usernameOf: async (studentId) => {
      const rows: { username: string }[] | null = good(
        await users().select('username').eq('student_id', studentId).limit(1),
      );
      return rows?.[0]?.username;
    },
    link: async (studentId, username) => {
      const row = { student_id: studentId, username, updated_at: new Date().toISOString() };
      good(await users().upsert(row, { onConflict: 'student_id' }));
    },
    find: async (videoIds) => {
      const found: KeptVideo[] = [];
      for (let from = 0; from < videoIds.length; from += IDS_AT_ONCE) {
        const some = videoIds.slice(from, from + IDS_AT_ONCE);
        found.push(...rowsOf(good(await videos().select(COLUMNS).in('video_id', some))));
      }
      return inOrder(found, videoIds);
    },
    videosOf: async (username, { offset, limit }) =>
      rowsOf(
        good(
          await videos()
            .select(COLUMNS)
            .eq('username', username)
            .order('uploaded_at', { ascending: false, nullsFirst: false })
            .order('video_id', { ascending: false })
            .range(offset, offset + limit - 1),
        ),
      ),
    totalsOf: async (username) => {
      let totals = { videos: 0, bytes: 0, lastStoredAt: null as string | null };
      for (let from = 0; ; from += PAGE) {
        const rows = good(
          await videos()
            .select('size,stored_at')
            .eq('username', username)
            .order('video_id')
            .range(from, from + PAGE - 1),
        ) as { size: number; stored_at: string }[];
        for (const { size, stored_at } of rows) {
          const at = iso(stored_at);
          const last = totals.lastStoredAt === null || at > totals.lastStoredAt ? at : totals.lastStoredAt;
          totals = { videos: totals.videos + 1, bytes: totals.bytes + size, lastStoredAt: last };
        }
        if (rows.length < PAGE) return totals;
      }
    },
    keep: async (facts, files, signal) => {
      const keys = tiktokKeys(facts.username, facts.video_id);
      const { thumbnail } = files;
      const { size, checksum } = await bucket.put(keys.video, files.video, 'video/mp4', signal);
      if (thumbnail !== undefined) await bucket.put(keys.thumbnail, thumbnail, 'image/jpeg', signal);
      const row = {
        ...facts,
        storage_path: keys.video,
        thumbnail_path: thumbnail === undefined ? null : keys.thumbnail,
        // For pages that read the table by themselves.
        local_path: (await bucket.isPublic()) ? publicUrl(keys.video) : null,
        size,
        checksum,
        stored_at: new Date().toISOString(),
      };
      const written = await openClient(options, signal)
        .from('tiktok_videos')
        .upsert(row, { onConflict: 'video_id' })
        .select(COLUMNS);
      signal.throwIfAborted();
      const [kept] = rowsOf(good(written));
      if (!kept) throw new Error('the row was not returned');
      return kept;
    },
    addressesOf: async (paths, expiresInSeconds) => {
      if (paths.length === 0) return new Map();
      if (await bucket.isPublic()) return new Map(paths.map((path) => [path, publicUrl(path)]));
      const signed = good(
        await client.storage.from(options.bucket).createSignedUrls([...paths], expiresInSeconds),
      );
      // A file that somebody removed by hand has no address.
      const opened = (signed ?? []).filter(({ error, signedUrl }) => error === null && signedUrl !== '');
      return new Map(opened.map(({ path, signedUrl }) => [path ?? '', signedUrl]));
    },
    check: async () => {
      await bucket.isPublic();
      good(await videos().select('video_id').limit(1));
    },
  };

  function publicUrl(path: string): string {
    return client.storage.from(options.bucket).getPublicUrl(path).data.publicUrl;
  }
}

/** PostgREST writes times with the zone that Postgres has. */
const iso = (text: string) => new Date(text).toISOString();

function rowsOf(data: unknown): KeptVideo[] {
  return (data as KeptVideo[]).map((row) => ({
    ...row,
    uploaded_at: row.uploaded_at === null ? null : iso(row.uploaded_at),
    stored_at: iso(row.stored_at),
  }));
}
