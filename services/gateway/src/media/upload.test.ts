import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { mediaItem } from '@mediaworks/contracts';
import { handmade, type MediaClient } from './testing/media-client.ts';
import { type MediaStage, openMediaStage } from './testing/media-stage.ts';
import { mp4, playlist, png, svg, wav } from './testing/samples.ts';

const KB = 1_024;
const FORM = 'multipart/form-data; boundary=x';

let stage: MediaStage;
let anna: MediaClient;

beforeAll(async () => {
  stage = await openMediaStage({
    MAX_IMAGE_BYTES: '64KB',
    MAX_VIDEO_BYTES: '512KB',
    MAX_AUDIO_BYTES: '128KB',
  });
  anna = stage.as('anna');
});
afterAll(() => stage.close());
afterEach(() => stage.wipe());

const itemsAndObjects = async () => ({
  items: await stage.count('media_items'),
  jobs: await stage.count('jobs'),
  objects: (await stage.keys()).length,
});
const nothing = { items: 0, jobs: 0, objects: 0 };

describe('an upload', () => {
  test('answers the item as the seed shows it, with its job', async () => {
    const { status, body, headers } = await anna.upload({ filename: 'photo.jpg', bytes: png });
    expect(status).toBe(201);
    const item = mediaItem.parse(body);
    expect(item).toMatchObject({
      user_username: 'anna',
      file_type: 'image',
      status: 'processing',
      file_size: png.length,
      mime_type: 'image/png',
      thumbnail_url: null,
      urls: { thumbnail: null, small: null, medium: null, large: null, webp: null },
      width: null,
      height: null,
      duration: null,
      bitrate: null,
      metadata: {},
      is_public: true,
      error: null,
      progress: { percent: 0, stage: '' },
      checksum: createHash('sha256').update(png).digest('hex'),
    });
    expect(Object.keys(item.urls)).toEqual(['thumbnail', 'small', 'medium', 'large', 'webp', 'original']);
    expect(item.display_url).toBe(item.urls.original);
    expect(item.urls.original).toMatch(
      /^https:\/\/media\.example\/files\/media\/user_\d+\/image\/[0-9a-f]{32}_photo\.jpg\?/,
    );
    expect(headers.get('location')).toBe(`https://media.example/api/media/${item.id}/`);
    expect((await anna.get(`/api/media/${item.id}/`)).body).toMatchObject({
      id: item.id,
      job_id: item.job_id,
    });
  });

  test('writes the job with what the worker needs, its outbox row and an audit entry', async () => {
    const item = mediaItem.parse(
      (await anna.upload({ filename: 'Zürich.png', bytes: png }, { profile: 'avif' })).body,
    );
    const [key] = await stage.keys();
    const job = await stage.db
      .selectFrom('jobs')
      .selectAll()
      .where('id', '=', item.job_id)
      .executeTakeFirstOrThrow();
    const token = key?.match(/[0-9a-f]{32}/)?.[0];
    expect(job).toMatchObject({ type: 'media.transcode', status: 'queued', owner_id: item.user });
    const input = {
      media_id: item.id,
      kind: 'image',
      original_key: key,
      token,
      stem: 'Zurich',
      profile: ['avif'],
    };
    expect(job.input).toEqual(input);
    const audit = await stage.db.selectFrom('audit_log').selectAll().executeTakeFirstOrThrow();
    expect(audit).toMatchObject({ actor_id: item.user, action: 'media.upload', subject: String(item.id) });
  });

  test.each([
    ['an MP4', mp4(300 * KB), 'video', ['thumbnail', 'poster', 'video', 'original']],
    ['a WAV', wav, 'audio', ['audio', 'original']],
  ])('of %s promises what is made of it', async (_what, bytes, kind, urls) => {
    const item = mediaItem.parse((await anna.upload({ filename: 'x.bin', bytes })).body);
    expect(item.file_type).toBe(kind);
    expect(Object.keys(item.urls)).toEqual(urls);
  });

  test('takes its fields before or after the file, in the old words', async () => {
    const before = await anna.upload({ bytes: png }, { is_public: 'False', profile: ' avif ,avif' });
    expect(before.body).toMatchObject({ is_public: false, profile: ['avif'] });
    const after = Buffer.concat([
      handmade('name="file"; filename="a.png"', png, false),
      Buffer.from('\r\n--x\r\nContent-Disposition: form-data; name="is_public"\r\n\r\n0\r\n--x--\r\n'),
    ]);
    expect((await anna.raw(after, FORM)).body).toMatchObject({ is_public: false });
  });

  test('of the same file twice at once makes two items', async () => {
    const [a, b] = await Promise.all([anna.upload({ bytes: png }), anna.upload({ bytes: png })]);
    expect([a?.status, b?.status]).toEqual([201, 201]);
    expect(await itemsAndObjects()).toEqual({ items: 2, jobs: 2, objects: 2 });
  });

  test('works without a slash, and not without a token', async () => {
    const stranger = await fetch(`${stage.url}/api/media/upload`, { method: 'POST' });
    expect(stranger.status).toBe(401);
    expect((await anna.uploadTo('/api/media/upload', { bytes: png })).status).toBe(201);
  });
});

describe('a refused upload leaves nothing behind:', () => {
  test.each([
    ['text named .mp4', 415, { filename: 'movie.mp4', bytes: Buffer.from('just some text, '.repeat(500)) }],
    ['a playlist named .mp4', 415, { filename: 'movie.mp4', bytes: playlist }],
    ['an SVG', 415, { filename: 'drawing.png', bytes: svg }],
    ['an empty file', 400, { filename: 'photo.png', bytes: Buffer.alloc(0) }],
    ['another part name', 400, { name: 'upload', bytes: png }],
    ['a picture over its limit', 413, { bytes: Buffer.concat([png, Buffer.alloc(64 * KB)]) }],
    ['a sound over its limit', 413, { bytes: Buffer.concat([wav, Buffer.alloc(128 * KB)]) }],
    ['a video over its limit', 413, { bytes: mp4(512 * KB + 1) }],
    ['a video over every limit', 413, { bytes: mp4(4 * 1_024 * KB) }],
  ])('%s', async (_what, status, part) => {
    const answer = await anna.upload(part);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ status, detail: expect.any(String), code: expect.any(String) });
    expect(await itemsAndObjects()).toEqual(nothing);
  });

  test('exactly the limit is none', async () => {
    expect((await anna.upload({ bytes: mp4(512 * KB) })).status).toBe(201);
  });

  test('two files', async () => {
    expect((await anna.upload([{ bytes: png }, { bytes: png }])).status).toBe(400);
    expect(await itemsAndObjects()).toEqual(nothing);
  });

  test.each([
    ['no file at all', 400, {}],
    ['an unknown profile', 400, { profile: 'avif,everything' }],
    ['neither yes nor no', 400, { is_public: 'maybe' }],
    ['a huge field', 413, { profile: 'x'.repeat(100 * KB) }],
  ])('%s', async (what, status, fields) => {
    const answer = await anna.upload(what === 'no file at all' ? [] : { bytes: png }, fields);
    expect(answer.status).toBe(status);
    expect(await itemsAndObjects()).toEqual(nothing);
  });

  test.each([
    ['a truncated form', handmade('name="file"; filename="a.png"', mp4(100 * KB), false), FORM],
    ['a form cut in its header', Buffer.from('--x\r\nContent-Disposition: form-da'), FORM],
    ['no form', Buffer.from('{}'), 'application/json'],
    ['a form without a boundary', png, 'multipart/form-data'],
    ['a file without a name', handmade('name="file"; filename=""', png), FORM],
  ])('%s', async (_what, body, type) => {
    const answer = await anna.raw(body, type);
    expect(answer.status).toBe(400);
    expect(await itemsAndObjects()).toEqual(nothing);
  });

  test('a client that goes away', async () => {
    const put = stage.store.put.bind(stage.store);
    const began = new Promise<Promise<unknown>[]>((resolve) => {
      jest.spyOn(stage.store, 'put').mockImplementationOnce((...args) => {
        const stored = put(...args);
        resolve([stored]);
        return stored;
      });
    });
    const start = handmade('name="file"; filename="a.mp4"', mp4(300 * KB), false);
    await anna.abandon(start, start.length + 100 * KB, began);
    await expect(Promise.all(await began)).rejects.toThrow();
    expect(await itemsAndObjects()).toEqual(nothing);
  });

  test('a database that refuses it', async () => {
    await stage.refuse('media_items', async () => {
      const answers = await Promise.all([anna.upload({ bytes: png }), anna.upload({ bytes: wav })]);
      expect(answers.map(({ status }) => status)).toEqual([500, 500]);
    });
    expect(await itemsAndObjects()).toEqual(nothing);
  });
});

describe('a file name', () => {
  test.each([
    ['日本語 ☕.png', '日本語 ☕.png'],
    ['a%0D%0Ab.png', 'ab.png'],
    ['../../etc/passwd.png', 'passwd.png'],
    [`${'ü'.repeat(400)}.png`, `${'ü'.repeat(296)}.png`],
  ])('%j is kept as %j, and safe in the key', async (given, kept) => {
    const { body } = await anna.raw(handmade(`name="file"; filename="${given}"`, png), FORM);
    expect(body).toMatchObject({ filename: kept });
    const [key] = await stage.keys();
    expect(key).toMatch(/^media\/user_\d+\/image\/[0-9a-f]{32}_[A-Za-z0-9_-]{1,100}\.png$/);
  });
});

describe('an Idempotency-Key', () => {
  const key = (value: string) => ({ 'idempotency-key': value });

  test('makes one item of many uploads at once, and keeps one copy', async () => {
    const uploads = Array.from({ length: 8 }, () => anna.upload({ bytes: png }, {}, key('k1')));
    const answers = await Promise.all(uploads);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ body }) => mediaItem.parse(body).id)).size).toBe(1);
    expect(await itemsAndObjects()).toEqual({ items: 1, jobs: 1, objects: 1 });
  });

  test('stands for its request alone, and for its user alone', async () => {
    await anna.upload({ bytes: png }, {}, key('k2'));
    expect((await anna.upload({ bytes: wav }, {}, key('k2'))).status).toBe(409);
    expect((await anna.upload({ bytes: png }, { is_public: '0' }, key('k2'))).status).toBe(409);
    expect((await stage.as('bert').upload({ bytes: wav }, {}, key('k2'))).status).toBe(201);
    expect(await itemsAndObjects()).toEqual({ items: 2, jobs: 2, objects: 2 });
  });
});
