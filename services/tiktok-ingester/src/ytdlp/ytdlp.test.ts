import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { makeProfile, type Post, type Profile } from '@mediaworks/local-stack/tiktok';
import type { YtdlpSettings } from '../env.ts';
import { availableYtdlp, openSite, type Site } from '../testing/site-scene.ts';
import { downloadVideo, listProfile } from './index.ts';

jest.setTimeout(90_000);

const never = new AbortController().signal;

/** The real yt-dlp, of 2023 and of today, as far as this machine can have them, each with its own TikTok extractor. */
describe.each(await availableYtdlp())('yt-dlp (%s)', (source) => {
  let site: Site;
  beforeAll(async () => {
    site = await openSite(source);
  });
  afterAll(() => site.close());
  afterEach(() => {
    site.mend();
    site.profiles.clear();
    site.requests.length = 0;
  });

  const add = (
    username: string,
    posts: number,
    change?: (post: Post, index: number) => Partial<Post>,
    about: Partial<Profile> = {},
  ): Profile => {
    const profile = { ...makeProfile(username, posts, site.ingredients, change), ...about };
    site.profiles.set(username, profile);
    return profile;
  };
  const list = async (username: string, most = 100) =>
    listProfile(site.program, site.settings, username, {
      most,
      folder: await site.newFolder(),
      signal: never,
    });
  const download = async (
    profile: Profile,
    more: Partial<YtdlpSettings> = {},
    options: { folder?: string; signal?: AbortSignal; onProgress?: (percent: number) => void } = {},
  ) => {
    const [post] = profile.posts;
    return downloadVideo(
      site.program,
      { ...site.settings, ...more },
      { username: profile.username, videoId: post?.id ?? '' },
      { folder: await site.newFolder(), signal: never, onProgress: () => undefined, ...options },
    );
  };

  describe('lists', () => {
    it('a profile in its order, without its pictures', async () => {
      const { posts } = add('cool_student', 5, (_post, index) => ({ photos: index === 2 }));
      const ids = posts.map(({ id }) => id);
      expect(await list('cool_student')).toEqual({
        videos: ids.filter((_id, index) => index !== 2),
        photoPosts: 1,
      });
    });

    it('a hundred videos, over several pages', async () => {
      const { posts } = add('busy.student', 100);
      expect((await list('busy.student')).videos).toEqual(posts.map(({ id }) => id));
    });

    it('no more than asked for, and reads no further page for it', async () => {
      const { posts } = add('busy.student', 100);
      expect((await list('busy.student', 3)).videos).toEqual(posts.slice(0, 3).map(({ id }) => id));
      expect(site.requests.filter((target) => /item_list|aweme\/post/.test(target))).toHaveLength(1);
    });

    it('an account without videos as empty', async () => {
      add('new_student', 0);
      expect(await list('new_student')).toEqual({ videos: [], photoPosts: 0 });
    });

    it.each([
      [10202, 'profile_not_found'],
      [10221, 'profile_banned'],
      [10222, 'profile_private'],
      [10231, 'region_locked'],
    ])('nothing of an account with TikTok’s code %i: %s, for good', async (statusCode, code) => {
      add('some_student', 3, undefined, { statusCode });
      await expect(list('some_student')).rejects.toMatchObject({ name: 'PermanentError', code });
    });

    it('nothing of an account that nobody has', async () => {
      await expect(list('nobody')).rejects.toMatchObject({
        name: 'PermanentError',
        code: 'profile_not_found',
      });
    });

    it('nothing of one that shows pictures alone', async () => {
      add('painter', 3, () => ({ photos: true }));
      await expect(list('painter')).rejects.toMatchObject({ name: 'PermanentError', code: 'photo_only' });
    });

    it('one that is live and shows no video again later', async () => {
      add('streamer', 0, undefined, { roomId: '73' });
      await expect(list('streamer')).rejects.toMatchObject({ name: 'TransientError', code: 'profile_live' });
    });

    it('after the pause that TikTok asks for', async () => {
      add('cool_student', 3);
      site.fail('/aweme/v1/aweme/post', { status: 429, headers: { 'Retry-After': '120' }, body: '' });
      site.fail('/api/creator', { status: 429, headers: { 'Retry-After': '120' }, body: '' });
      const error = await list('cool_student').catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'RetryAfterError', code: 'rate_limited' });
      const { delayMs } = error as { delayMs: number };
      expect(delayMs).toBeGreaterThanOrEqual(120_000);
      expect(delayMs).toBeLessThanOrEqual(144_000);
    });

    it('nothing of a page whose form has changed, and says with what it was read', async () => {
      add('cool_student', 3);
      const body = '<!DOCTYPE html><html><body><div id="app" data-v9="e30="></div></body></html>';
      for (const part of ['/@cool_student', '/api/creator', '/aweme/post']) site.fail(part, { body });
      await expect(list('cool_student')).rejects.toMatchObject({
        name: 'TransientError',
        code: 'page_changed',
        message: expect.stringContaining(`yt-dlp ${site.program.version}`),
      });
    });
  });

  describe('downloads', () => {
    it('a video with its picture, what is known of it, and its progress', async () => {
      const profile = add('cool_student', 1);
      const seen: number[] = [];
      const { path, thumbnail, metadata } = await download(
        profile,
        {},
        { onProgress: (p) => void seen.push(p) },
      );
      expect(await readFile(path)).toEqual(site.ingredients.video);
      expect(await readFile(thumbnail ?? '')).toEqual(site.ingredients.thumbnail);
      const [post] = profile.posts;
      const number = Number(post?.id.slice(-4));
      expect(metadata).toMatchObject({
        title: 'Video 1 of cool_student #school',
        description: 'Video 1 of cool_student #school',
        uploader: 'cool_student',
        uploadedAt: new Date(1_000 * (post?.createdAt ?? 0)),
        likes: number * 10 + 2,
        views: number * 100 + 1,
        comments: number + 3,
        shares: number + 4,
        sound: { title: 'a sound', artist: 'An artist', album: 'An album' },
      });
      expect(seen.at(-1)).toBe(100);
      expect(seen).toEqual([...seen].sort((a, b) => a - b));
    });

    it('a video that its page alone tells of', async () => {
      const { path } = await download(
        add('cool_student', 1, () => ({ inApp: false })),
        { format: 'best' },
      );
      expect(await readFile(path)).toEqual(site.ingredients.video);
    });

    it.each([
      [10204, 'video_removed'],
      [10216, 'video_private'],
      [10222, 'profile_private'],
      [10231, 'region_locked'],
    ])('nothing of a post with TikTok’s code %i: %s, for good', async (statusCode, code) => {
      const profile = add('cool_student', 1, () => ({ statusCode }));
      await expect(download(profile)).rejects.toMatchObject({ name: 'PermanentError', code });
    });

    it.each([
      ['403', { status: 403, body: '' }, 'TransientError', 'source_forbidden'],
      ['429', { status: 429, headers: { 'Retry-After': '7' }, body: '' }, 'RetryAfterError', 'rate_limited'],
      ['404', { status: 404, body: '' }, 'PermanentError', 'video_removed'],
      ['503', { status: 503, body: '' }, 'TransientError', 'source_unavailable'],
      ['a body that is cut', { cutAfter: 5_000 }, 'TransientError', 'source_interrupted'],
      ['a length that is not true', { claimedLength: 10_000_000 }, 'TransientError', 'source_interrupted'],
      ['an empty body', { body: '' }, 'TransientError', 'source_interrupted'],
    ])('nothing where the bytes are %s', async (_name, fault, name, code) => {
      const profile = add('cool_student', 1);
      site.fail('tiktokcdn.com/video/', fault);
      await expect(download(profile)).rejects.toMatchObject({ name, code });
    });

    it('a video whose body is cut once, all the same', async () => {
      const profile = add('cool_student', 1);
      site.fail('tiktokcdn.com/video/', { cutAfter: 5_000, times: 1 });
      const { path } = await download(profile);
      expect(await readFile(path)).toEqual(site.ingredients.video);
    });

    it('a video that comes slowly', async () => {
      const profile = add('cool_student', 1);
      let goOn: () => void = () => undefined;
      const until = new Promise<void>((resolve) => (goOn = resolve));
      site.fail('tiktokcdn.com/video/', { hold: { after: 5_000, until }, times: 1 });
      const { path } = await download(profile, {}, { onProgress: goOn });
      expect(await readFile(path)).toEqual(site.ingredients.video);
    });

    it('nothing that stops coming for longer than it may', async () => {
      const profile = add('cool_student', 1);
      site.fail('tiktokcdn.com/video/', { hold: { after: 5_000, until: new Promise(() => undefined) } });
      await expect(download(profile, { socketTimeoutMs: 500 })).rejects.toMatchObject({
        name: 'TransientError',
        code: 'source_interrupted',
      });
    });

    it('nothing that is larger than it may be', async () => {
      await expect(download(add('cool_student', 1), { maxVideoBytes: 5_000 })).rejects.toMatchObject({
        name: 'PermanentError',
        code: 'too_large',
      });
    });

    it('nothing where the disk is full', async () => {
      const folder = await site.newFolder();
      await symlink('/dev/full', join(folder, 'video.mp4.part'));
      await expect(download(add('cool_student', 1), {}, { folder })).rejects.toMatchObject({
        name: 'TransientError',
        code: 'no_space',
      });
    });

    it('nothing where nobody answers', async () => {
      const profile = add('cool_student', 1);
      await expect(download(profile, { proxy: 'http://127.0.0.1:9' })).rejects.toMatchObject({
        name: 'TransientError',
        code: 'source_interrupted',
      });
    });

    it('until it is told to stop, and then at once', async () => {
      const profile = add('cool_student', 1);
      const stop = new AbortController();
      const reason = new Error('cancelled');
      site.fail('tiktokcdn.com/video/', { hold: { after: 5_000, until: new Promise(() => undefined) } });
      const onProgress = () => stop.abort(reason);
      await expect(download(profile, {}, { signal: stop.signal, onProgress })).rejects.toBe(reason);
    });

    it('with cookies of its own, which are nobody else’s to change', async () => {
      const profile = add('cool_student', 1);
      const cookiesFile = join(site.root, 'cookies.txt');
      const line = '.tiktok.com\tTRUE\t/\tTRUE\t2147483647\tsid_tt\tsecret\n';
      await writeFile(cookiesFile, `# Netscape HTTP Cookie File\n${line}`);
      const before = await readFile(cookiesFile, 'utf8');
      const folder = await site.newFolder();
      await download(profile, { cookiesFile }, { folder });
      expect(await readFile(cookiesFile, 'utf8')).toBe(before);
      expect(await readdir(folder)).toContain('cookies.txt');
      await expect(download(profile, { cookiesFile: '/nowhere' })).rejects.toMatchObject({
        code: 'cookies_missing',
      });
    });
  });
});
