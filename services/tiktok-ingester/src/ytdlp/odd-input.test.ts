import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { downloadArguments, listArguments } from './arguments.ts';
import { readMetadata } from './metadata.ts';
import { readPages } from './pages.ts';
import { pauseFrom } from './run.ts';

const nothing = {
  title: null,
  description: null,
  uploader: null,
  duration: null,
  uploadedAt: null,
  likes: null,
  views: null,
  comments: null,
  shares: null,
  sound: { title: null, artist: null, album: null },
  filesize: null,
};

describe('what yt-dlp tells of a video', () => {
  it.each([
    null,
    7,
    'text',
    [],
    {},
    { title: 7, timestamp: 'x', like_count: -1, artists: [1], duration: null },
  ])('is nothing in %j', (given) => expect(readMetadata(given)).toEqual(nothing));

  it('is cut where it is too long, and holds no NUL', () => {
    const told = readMetadata({ title: `a\0b${'x'.repeat(5_000)}`, timestamp: 1e15, artists: ['A', 'B'] });
    expect(told.title).toBe(`ab${'x'.repeat(998)}`);
    expect(told.uploadedAt).toBeNull();
    expect(told.sound.artist).toBe('A, B');
  });
});

describe('the pages', () => {
  const read = async (pages: Record<string, string>) => {
    const folder = await mkdtemp(join(tmpdir(), 'pages-test-'));
    for (const [name, text] of Object.entries(pages)) await writeFile(join(folder, name), text);
    return readPages(folder).finally(() => rm(folder, { recursive: true, force: true }));
  };
  const silent = { account: undefined, post: undefined, live: false, photos: new Set() };
  const universal = (data: string) => `<script id="__UNIVERSAL_DATA_FOR_REHYDRATION__">${data}</script>`;

  it.each([
    ['', 'empty'],
    ['\0\xff<html>', 'no text'],
    [universal('{'), 'broken off'],
    [universal('[]'), 'a list'],
    [universal('{"__DEFAULT_SCOPE__":{"webapp.user-detail":{"statusCode":"x"}}}'), 'of other types'],
    ['{"itemList":[7,{"id":null}],"aweme_list":"x"}', 'lists of other things'],
  ])('say nothing: %j (%s)', async (page) => expect(await read({ 'a.dump': page })).toEqual(silent));

  it('say what they can, each its part, and other files nothing', async () => {
    const user = universal('{"__DEFAULT_SCOPE__":{"webapp.user-detail":{"statusCode":10222}}}');
    const list = '{"itemList":[{"id":1,"imagePost":{}},{"id":"2"}]}';
    expect(await read({ 'a.dump': user, 'b.dump': list, 'c.dump': '', 'd.html': user })).toEqual({
      ...silent,
      account: 10_222,
      photos: new Set(['1']),
    });
  });
});

describe('a Retry-After', () => {
  const now = Date.UTC(2026, 0, 1);
  it.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 60_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['soon', null],
    ['', null],
    ['-5x', null],
  ])('of %j is %p', (text, expected) => expect(pauseFrom(text, now)).toBe(expected));
});

describe('the arguments', () => {
  const settings = {
    proxy: 'http://proxy:1',
    caFile: undefined,
    cookiesFile: '/c',
    impersonate: 'chrome',
    format: '--exec',
    maxVideoBytes: 7,
    timeoutMs: 1,
    socketTimeoutMs: 1_500,
    rateLimitPauseMs: 1,
  };

  it('end with the address, behind what ends all options', () => {
    for (const args of [
      listArguments(settings, '/c', 'a_student', 9),
      downloadArguments(settings, '/c', 'a_student', '73'),
    ]) {
      expect(args.indexOf('--')).toBe(args.length - 2);
      expect(args.at(-1)).toMatch(/^https:\/\/www\.tiktok\.com\/@a_student(\/video\/73)?$/);
      expect(args[args.indexOf('--cookies') + 1]).toBe('/c');
      expect(args[args.indexOf('--proxy') + 1]).toBe('http://proxy:1');
      expect(args[args.indexOf('--impersonate') + 1]).toBe('chrome');
      expect(args[args.indexOf('--socket-timeout') + 1]).toBe('1.5');
    }
  });
});
