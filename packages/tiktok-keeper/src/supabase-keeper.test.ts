import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startSupabaseDouble, type SupabaseDouble } from '@mediaworks/local-stack/supabase';
import { createEmptyDatabase } from '@mediaworks/local-stack/testing';
import { createSupabaseKeeper } from './supabase-keeper.ts';
import { describeKeeper, factsOf } from './testing/conformance.ts';

jest.setTimeout(60_000);

const never = new AbortController().signal;
const LARGE = 13 * 2 ** 20 + 7;

async function openProject() {
  const database = await createEmptyDatabase();
  const supabase = await startSupabaseDouble(database.databaseUrl);
  return {
    supabase,
    close: async () => {
      await supabase.stop();
      await database.drop();
    },
  };
}

const keeperOf = ({ url, serviceRoleKey }: SupabaseDouble, more: { key?: string; bucket?: string } = {}) =>
  createSupabaseKeeper({
    url,
    serviceRoleKey: more.key ?? serviceRoleKey,
    bucket: more.bucket ?? 'tiktok-videos',
    publicBucket: false,
  });

for (const [kind, isPublic] of [
  ['a private bucket', false],
  ['a public bucket', true],
] as const) {
  describeKeeper(`Supabase with ${kind}`, async () => {
    const { supabase, close } = await openProject();
    await supabase.query(`update storage.buckets set public = ${isPublic}`);
    return {
      keeper: keeperOf(supabase),
      open: async (address) => {
        const response = await fetch(address);
        const body = Buffer.from(await response.arrayBuffer());
        return { status: response.status, body, type: response.headers.get('content-type') ?? '' };
      },
      close,
    };
  });
}

describe('Supabase', () => {
  let project: Awaited<ReturnType<typeof openProject>>;
  let supabase: SupabaseDouble;
  let folder: string;
  beforeAll(async () => {
    project = await openProject();
    supabase = project.supabase;
    folder = await mkdtemp(join(tmpdir(), 'supabase-test-'));
  });
  afterAll(async () => {
    await project.close();
    await rm(folder, { recursive: true, force: true });
  });
  afterEach(() => {
    supabase.mend();
    supabase.requests.length = 0;
  });

  let next = 0;
  const keep = async (
    options: { keeper?: ReturnType<typeof keeperOf>; bytes?: Buffer; signal?: AbortSignal } = {},
  ) => {
    const video = join(folder, `video-${++next}.mp4`);
    await writeFile(video, options.bytes ?? randomBytes(1_000));
    const keeper = options.keeper ?? keeperOf(supabase);
    return keeper.keep(factsOf(String(next)), { video, thumbnail: undefined }, options.signal ?? never);
  };
  const uploads = () => supabase.requests.filter((one) => one.includes('resumable'));

  it('gets a large file in pieces of 6 MB, and a small one at once', async () => {
    const bytes = randomBytes(LARGE);
    const { storage_path, size } = await keep({ bytes });
    expect(size).toBe(LARGE);
    expect(supabase.objects.get(`tiktok-videos/${storage_path}`)?.bytes.equals(bytes)).toBe(true);
    expect(uploads().map((one) => one.split(' ')[0])).toEqual(['POST', 'PATCH', 'PATCH', 'PATCH']);
    supabase.requests.length = 0;
    await keep();
    expect(uploads()).toEqual([]);
  });

  it('gets a large file whole though the network is cut in the middle', async () => {
    supabase.fail('PATCH /storage/v1/upload/resumable', { times: 1 });
    const bytes = randomBytes(LARGE);
    const { storage_path } = await keep({ bytes });
    expect(supabase.objects.get(`tiktok-videos/${storage_path}`)?.bytes.equals(bytes)).toBe(true);
    expect(uploads().some((one) => one.startsWith('HEAD'))).toBe(true);
  });

  it('is told to stop in the middle of a large file, and has nothing', async () => {
    const stop = new AbortController();
    const reason = new Error('cancelled');
    const keeping = keep({ bytes: randomBytes(LARGE), signal: stop.signal });
    keeping.catch(() => undefined);
    while (uploads().length < 2) await new Promise((resolve) => setImmediate(resolve));
    stop.abort(reason);
    await expect(keeping).rejects.toBe(reason);
    expect(await keeperOf(supabase).find([String(next)])).toEqual([]);
  });

  it.each([
    ['a small file', 1_000],
    ['a large file', LARGE],
  ])('that takes no file so large says so of %s', async (_name, size) => {
    await supabase.query('update storage.buckets set file_size_limit = 500');
    try {
      await expect(keep({ bytes: randomBytes(size) })).rejects.toMatchObject({
        name: 'PermanentError',
        code: 'too_large',
        message: expect.stringContaining('file size limit'),
      });
    } finally {
      await supabase.query('update storage.buckets set file_size_limit = null');
    }
  });

  it('without the bucket gets one, private unless said otherwise', async () => {
    const keeper = keeperOf(supabase, { bucket: 'new-bucket' });
    const { storage_path } = await keep({ keeper });
    expect(supabase.objects.has(`new-bucket/${storage_path}`)).toBe(true);
    const address = (await keeper.addressesOf([storage_path], 60)).get(storage_path) ?? '';
    expect(address).toContain('/object/sign/');
    expect((await fetch(address.replace('/sign/', '/public/'))).status).toBe(400);
  });

  it('without the bucket, and not allowed to make one, says what to do', async () => {
    const refusal = {
      status: 400,
      body: { statusCode: '403', error: 'Unauthorized', message: 'not allowed' },
    };
    supabase.fail('POST /storage/v1/bucket', { reply: refusal });
    await expect(keep({ keeper: keeperOf(supabase, { bucket: 'no-bucket' }) })).rejects.toMatchObject({
      name: 'PermanentError',
      code: 'bucket_missing',
      message: expect.stringMatching(/^Bucket not found: .*no-bucket/),
    });
  });

  it('asked with a key that may nothing says so, whatever is asked', async () => {
    const keeper = keeperOf(supabase, { key: supabase.anonKey });
    const denied = { name: 'PermanentError', code: 'permission_denied' };
    await expect(keeper.link('s', 'name')).rejects.toMatchObject(denied);
    await expect(keeper.usernameOf('s')).rejects.toMatchObject(denied);
    await expect(keeper.videosOf('name', { offset: 0, limit: 1 })).rejects.toMatchObject(denied);
    await expect(keeperOf(supabase, { key: 'wrong' }).check()).rejects.toMatchObject(denied);
  });

  it('shows nobody’s rows to whoever has the key of the pages', async () => {
    await keeperOf(supabase).link('a student', 'a_name');
    for (const table of ['tiktok_users', 'tiktok_videos']) {
      const response = await fetch(`${supabase.url}/rest/v1/${table}?select=*`, {
        headers: { apikey: supabase.anonKey, authorization: `Bearer ${supabase.anonKey}` },
      });
      expect(response.status).toBe(403);
    }
  });

  it('without the tables says what to run', async () => {
    await supabase.query('alter table tiktok_videos rename to tiktok_other');
    try {
      await expect(keeperOf(supabase).check()).rejects.toMatchObject({
        code: 'tables_missing',
        message: expect.stringContaining('infra/supabase/tiktok.sql'),
      });
    } finally {
      await supabase.query('alter table tiktok_other rename to tiktok_videos');
    }
  });

  it.each([
    ['that is away', undefined, 'TransientError', 'keeper_unavailable'],
    ['in trouble', { status: 503, body: { message: 'upstream' } }, 'TransientError', 'keeper_unavailable'],
    [
      'that asks for a pause',
      { status: 429, body: { message: 'slow down' } },
      'RetryAfterError',
      'keeper_busy',
    ],
    [
      'where somebody writes the same file',
      {
        status: 400,
        body: { statusCode: '409', error: 'Duplicate', message: 'The resource already exists' },
      },
      'TransientError',
      'upload_conflict',
    ],
  ])('%s costs no more than the try', async (_name, reply, name, code) => {
    supabase.fail('POST /storage/v1/object/tiktok-videos', reply === undefined ? {} : { reply });
    await expect(keep()).rejects.toMatchObject({ name, code });
    expect(await keeperOf(supabase).find([String(next)])).toEqual([]);
    supabase.mend();
    await expect(keep()).resolves.toMatchObject({ size: 1_000 });
  });

  it('that has not got all of a file is not believed', async () => {
    const reply = { status: 200, body: { id: '1', name: 'x', size: 3, content_type: 'video/mp4' } };
    supabase.fail('GET /storage/v1/object/info', { reply });
    await expect(keep()).rejects.toMatchObject({ name: 'TransientError', code: 'upload_incomplete' });
  });

  it('signs addresses that expire, and none of a file that is gone', async () => {
    const keeper = keeperOf(supabase);
    const { storage_path } = await keep();
    const address = (await keeper.addressesOf([storage_path, 'tiktok/x/1.mp4'], 60)).get(storage_path) ?? '';
    expect((await fetch(address)).status).toBe(200);
    expect((await fetch(`${address}0`)).status).toBe(400);
    expect(await keeper.addressesOf(['tiktok/x/1.mp4'], 60)).toEqual(new Map());
    const expired = (await keeper.addressesOf([storage_path], -60)).get(storage_path) ?? '';
    expect((await fetch(expired)).status).toBe(400);
  });
});
