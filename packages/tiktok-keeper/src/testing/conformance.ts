import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { KeptVideo, VideoFacts, VideoKeeper } from '../keeper.ts';

/** A keeper of the adapter, empty, and what can only be told from outside of it. */
export interface KeeperSubject {
  keeper: VideoKeeper;
  /** Opens an address as a client does. */
  open(address: string): Promise<{ status: number; body: Buffer; type: string }>;
  close(): Promise<void>;
}

const never = new AbortController().signal;

export function factsOf(video_id: string, more: Partial<VideoFacts> = {}): VideoFacts {
  const username = more.username ?? 'cool_student';
  return {
    ...{ video_id, username, video_url: `https://www.tiktok.com/@${username}/video/${video_id}` },
    ...{ title: 'Ein Titel "mit", (allem) 🎉', description: 'a\nb', uploader: username, duration: 2.04 },
    ...{ width: 576, height: 1024, uploaded_at: '2024-06-01T12:00:00.000Z', like_count: 12 },
    ...{ view_count: 9_000_000_000, comment_count: 0, share_count: null },
    ...{ sound_title: 'a sound', sound_artist: null, sound_album: null },
    ...more,
  };
}

/** Declares the tests that every adapter of `VideoKeeper` passes. */
export function describeKeeper(name: string, openSubject: () => Promise<KeeperSubject>): void {
  describe(`${name} is a video keeper`, () => {
    let subject: KeeperSubject;
    let keeper: VideoKeeper;
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'keeper-test-'));
      subject = await openSubject();
      keeper = subject.keeper;
    });
    afterAll(async () => {
      await subject.close();
      await rm(folder, { recursive: true, force: true });
    });

    let files = 0;
    const fileOf = async (bytes: Buffer): Promise<string> => {
      const path = join(folder, `file-${++files}`);
      await writeFile(path, bytes);
      return path;
    };
    const keep = async (
      facts: VideoFacts,
      bytes = randomBytes(1_000),
      thumbnail: Buffer | undefined = Buffer.from('picture'),
    ): Promise<KeptVideo> => {
      const picture = thumbnail && (await fileOf(thumbnail));
      return keeper.keep(facts, { video: await fileOf(bytes), thumbnail: picture }, never);
    };

    it('can keep', async () => {
      await expect(keeper.check()).resolves.toBeUndefined();
    });

    it('knows no student at first, and then the name that was said last', async () => {
      const odd = 'stu\'dent, (1)"; drop table x; -- é';
      expect(await keeper.usernameOf(odd)).toBeUndefined();
      await keeper.link(odd, 'first_name');
      await keeper.link(odd, 'second.name');
      expect(await keeper.usernameOf(odd)).toBe('second.name');
      expect(await keeper.usernameOf('somebody else')).toBeUndefined();
    });

    it('gives back all that it was given, and what the file is', async () => {
      const facts = factsOf('7300000000000000001');
      const bytes = randomBytes(50_000);
      const before = Date.now();
      const kept = await keep(facts, bytes);
      expect(kept).toEqual({
        ...facts,
        storage_path: 'tiktok/cool_student/7300000000000000001.mp4',
        thumbnail_path: 'tiktok/cool_student/7300000000000000001.jpg',
        size: 50_000,
        checksum: createHash('sha256').update(bytes).digest('hex'),
        stored_at: expect.any(String),
      });
      // Clocks of two servers may differ a little.
      expect(Date.parse(kept.stored_at)).toBeGreaterThan(before - 60_000);
      expect(await keeper.find(['7300000000000000001'])).toEqual([kept]);
    });

    it('keeps what TikTok did not tell as nothing', async () => {
      const empty = {
        title: null,
        description: null,
        uploader: null,
        duration: null,
        width: null,
        height: null,
      };
      const more = {
        uploaded_at: null,
        like_count: null,
        view_count: null,
        comment_count: null,
        sound_title: null,
      };
      const facts = factsOf('7300000000000000002', { ...empty, ...more });
      const kept = await keep(facts, undefined, Buffer.from('picture'));
      expect(kept).toMatchObject(facts);
    });

    it('keeps a video that has no picture', async () => {
      const video = await fileOf(randomBytes(10));
      const kept = await keeper.keep(factsOf('7300000000000000003'), { video, thumbnail: undefined }, never);
      expect(kept.thumbnail_path).toBeNull();
    });

    it('gives addresses that open the file and its picture', async () => {
      const bytes = randomBytes(2_000);
      const { storage_path, thumbnail_path } = await keep(factsOf('7300000000000000004'), bytes);
      const addresses = await keeper.addressesOf([storage_path, thumbnail_path ?? ''], 60);
      const opened = await subject.open(addresses.get(storage_path) ?? '');
      expect(opened).toMatchObject({ status: 200, type: 'video/mp4' });
      expect(opened.body).toEqual(bytes);
      expect(await subject.open(addresses.get(thumbnail_path ?? '') ?? '')).toMatchObject({
        status: 200,
        type: 'image/jpeg',
      });
      expect(await keeper.addressesOf([], 60)).toEqual(new Map());
    });

    it('keeps again in place of what was there', async () => {
      const id = '7300000000000000005';
      await keep(factsOf(id, { like_count: 1 }));
      const bytes = randomBytes(77);
      const again = await keep(factsOf(id, { like_count: 2 }), bytes);
      expect(await keeper.find([id])).toEqual([again]);
      expect(again).toMatchObject({ like_count: 2, size: 77 });
      const address = (await keeper.addressesOf([again.storage_path], 60)).get(again.storage_path);
      expect((await subject.open(address ?? '')).body).toEqual(bytes);
    });

    it('keeps the same video once when two keep it at once', async () => {
      const bytes = randomBytes(5_000);
      const both = [1, 2].map(() => keep(factsOf('7300000000000000006', { username: 'twin' }), bytes));
      await Promise.all(both);
      expect(await keeper.videosOf('twin', { offset: 0, limit: 10 })).toHaveLength(1);
    });

    it('finds those that are kept, in the order of asking, and no others', async () => {
      const [a, b] = [factsOf('7300000000000000011'), factsOf('7300000000000000012')];
      await keep(a);
      await keep(b);
      const found = await keeper.find([b.video_id, '1', a.video_id, b.video_id]);
      expect(found.map(({ video_id }) => video_id)).toEqual([b.video_id, a.video_id]);
      expect(await keeper.find([])).toEqual([]);
    });

    it('lists an account’s videos page by page, newest first, and counts them', async () => {
      const username = 'busy_student';
      const uploaded = ['2024-01-02', '2024-01-03', null, '2024-01-01'];
      const ids = ['21', '22', '23', '24'];
      for (const [index, video_id] of ids.entries()) {
        const day = uploaded[index] ?? null;
        const at = day === null ? null : `${day}T00:00:00.000Z`;
        await keep(factsOf(video_id, { username, uploaded_at: at }), randomBytes(100 + index));
      }
      const page = async (offset: number, limit: number) =>
        (await keeper.videosOf(username, { offset, limit })).map(({ video_id }) => video_id);
      expect(await page(0, 10)).toEqual(['22', '21', '24', '23']);
      expect(await page(1, 2)).toEqual(['21', '24']);
      expect(await page(4, 10)).toEqual([]);
      const totals = await keeper.totalsOf(username);
      const [newest] = (await keeper.find(ids))
        .map(({ stored_at }) => stored_at)
        .sort()
        .reverse();
      expect(totals).toEqual({ videos: 4, bytes: 406, lastStoredAt: newest });
      expect(await keeper.totalsOf('nobody')).toEqual({ videos: 0, bytes: 0, lastStoredAt: null });
    });

    it('keeps nothing once it is told to stop', async () => {
      const video = await fileOf(randomBytes(1_000));
      const reason = new Error('cancelled');
      const facts = factsOf('7300000000000000099');
      await expect(
        keeper.keep(facts, { video, thumbnail: undefined }, AbortSignal.abort(reason)),
      ).rejects.toBe(reason);
      expect(await keeper.find([facts.video_id])).toEqual([]);
    });

    it('keeps nothing of a file that is not there', async () => {
      const facts = factsOf('7300000000000000098');
      const files = { video: join(folder, 'nowhere'), thumbnail: undefined };
      await expect(keeper.keep(facts, files, never)).rejects.toMatchObject({ code: 'ENOENT' });
      expect(await keeper.find([facts.video_id])).toEqual([]);
    });
  });
}
