import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { lectureInput, stagedUploadView } from '@mediaworks/contracts';
import { sql } from 'kysely';
import { Upload, type UploadOptions } from 'tus-js-client';
import type { z } from 'zod';
import { type MediaStage, openMediaStage, tokenOf } from '../media/testing/media-stage.ts';
import { mp4, png } from '../media/testing/samples.ts';

const KB = 1_024;
const MB = 2 ** 20;
const NOBODY = '6f9619ff-8b86-4011-b42d-00c04fc964ff';

let stage: MediaStage;

beforeAll(async () => {
  stage = await openMediaStage({
    // A client goes where the answer says.
    PUBLIC_URL: '',
    MAX_LECTURE_BYTES: '12MB',
    MAX_VIDEO_BYTES: '1MB',
    MAX_IMAGE_BYTES: '64KB',
  });
});
afterAll(() => stage.close());
afterEach(async () => {
  jest.restoreAllMocks();
  await stage.wipe();
});

const authorization = async (user: string) => ({ authorization: `Bearer ${await tokenOf(user)}` });
/** Uploads as a browser would. @returns the upload's id */
async function client(bytes: Buffer, options: Partial<UploadOptions> = {}): Promise<string> {
  const headers = await authorization('anna');
  return new Promise((resolve, reject) => {
    const upload = new Upload(bytes, {
      endpoint: `${stage.url}/uploads`,
      headers,
      metadata: { filename: 'lecture.mp4', filetype: 'video/mp4' },
      retryDelays: [],
      onSuccess: () => resolve((upload.url ?? '').split('/').at(-1) ?? ''),
      onError: reject,
      ...options,
    });
    upload.start();
  });
}

const raw = async (
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: Buffer,
  user = 'anna',
) => {
  const response = await fetch(new URL(path, stage.url), {
    method,
    headers: { 'tus-resumable': '1.0.0', ...(await authorization(user)), ...headers },
    ...(body ? { body: new Uint8Array(body) } : {}),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text.startsWith('{') ? (JSON.parse(text) as unknown) : text,
  };
};
const meta = (fields: Record<string, string>) =>
  Object.entries(fields)
    .map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`)
    .join(',');
const create = async (length: number, fields: Record<string, string> = { filename: 'lecture.mp4' }) => {
  const answer = await raw('POST', '/uploads', {
    'upload-length': String(length),
    'upload-metadata': meta(fields),
  });
  return { ...answer, id: answer.headers.get('location')?.split('/').at(-1) ?? '' };
};
const patch = (id: string, offset: number, body: Buffer, user = 'anna') =>
  raw(
    'PATCH',
    `/uploads/${id}`,
    { 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' },
    body,
    user,
  );
type View = z.infer<typeof stagedUploadView>;
const tell = async (id: string, user = 'anna'): Promise<View> =>
  stagedUploadView.parse((await raw('GET', `/uploads/${id}`, {}, undefined, user)).body);
const bytesAt = async (key: string) => {
  const chunks: Buffer[] = [];
  for await (const chunk of await stage.store.get(key)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};
const jobOf = (id: string | null) =>
  stage.db
    .selectFrom('jobs')
    .selectAll()
    .where('id', '=', id ?? '')
    .executeTakeFirstOrThrow();

describe('tus-js-client', () => {
  test.each([
    ['at once', Number.POSITIVE_INFINITY],
    ['in pieces', 3 * MB],
  ])('brings a lecture %s', async (_how, chunkSize) => {
    const video = mp4(11 * MB + 17);
    const id = await client(video, {
      chunkSize,
      metadata: { filename: 'Vorlesung.mp4', layout: 'landscape' },
    });
    const upload = await tell(id);
    expect(upload).toMatchObject({
      status: 'completed',
      offset: video.length,
      length: video.length,
      video_id: id,
    });
    expect(lectureInput.parse((await jobOf(upload.job_id)).input)).toMatchObject({
      lecture_id: id,
      filename: 'Vorlesung.mp4',
      layout: 'landscape',
    });
    const key = `videos/${id}/Vorlesung.mp4`;
    expect(await stage.keys()).toEqual([key]);
    expect((await bytesAt(key)).equals(video)).toBe(true);
  });

  test('brings an item of the media service', async () => {
    const id = await client(png, {
      metadata: { filename: 'photo.png', service: 'media', is_public: 'false' },
    });
    const upload = await tell(id);
    expect(upload).toMatchObject({ status: 'completed', service: 'media', video_id: null });
    expect((await stage.as('anna').get(`/api/media/${String(upload.media_id)}/`)).body).toMatchObject({
      filename: 'photo.png',
      file_type: 'image',
      is_public: false,
      job_id: upload.job_id,
    });
    expect(await stage.keys()).toHaveLength(1);
  });

  test('goes on where it was stopped', async () => {
    const video = mp4(11 * MB);
    const headers = await authorization('anna');
    const options = {
      endpoint: `${stage.url}/uploads`,
      headers,
      chunkSize: MB,
      metadata: { filename: 'a.mp4' },
    };
    const address = await new Promise<string>((resolve, reject) => {
      const upload = new Upload(video, {
        ...options,
        onError: reject,
        onChunkComplete: (_size, accepted) => {
          if (accepted >= 4 * MB) void upload.abort().then(() => resolve(upload.url ?? ''), reject);
        },
      });
      upload.start();
    });
    const id = address.split('/').at(-1) ?? '';
    const before = await tell(id);
    expect(before).toMatchObject({ status: 'uploading', video_id: null });
    expect(before.offset).toBeGreaterThanOrEqual(4 * MB);
    const sent: number[] = [];
    await client(video, { uploadUrl: address, onProgress: (bytes) => sent.push(bytes) });
    expect(Math.min(...sent)).toBeGreaterThanOrEqual(before.offset);
    expect(await tell(id)).toMatchObject({ status: 'completed', video_id: id });
  });

  test.each([
    ['no video', { filename: 'a.mp4' }, Buffer.concat([png, Buffer.alloc(9 * KB)]), 415],
    ['no picture either', { filename: 'a.png', service: 'media' }, Buffer.alloc(9 * KB, 'x'), 415],
    [
      'too large for its kind',
      { filename: 'a.png', service: 'media' },
      Buffer.concat([png, Buffer.alloc(80 * KB)]),
      413,
    ],
    ['too large', { filename: 'a.mp4' }, mp4(12 * MB + 1), 413],
    ['too large for any kind', { filename: 'a.mp4', service: 'media' }, mp4(2 * MB), 413],
    ['of no service', { filename: 'a.mp4', service: 'photos' }, mp4(9 * KB), 400],
    ['of no layout', { filename: 'a.mp4', layout: 'round' }, mp4(9 * KB), 400],
    ['of no profile', { filename: 'a.png', service: 'media', profile: 'x' }, png, 400],
  ])('is told of a file that is %s', async (_what, metadata, bytes, status) => {
    const refused = await client(bytes, { metadata }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ originalResponse: expect.anything() });
    const response = (refused as { originalResponse: { getStatus(): number; getBody(): string } })
      .originalResponse;
    expect(response.getStatus()).toBe(status);
    expect(JSON.parse(response.getBody())).toMatchObject({
      code: expect.any(String),
      error: expect.any(String),
    });
    expect(await stage.keys()).toEqual([]);
  });
});

describe('the protocol', () => {
  test('tells what it can', async () => {
    const response = await fetch(`${stage.url}/uploads`, { method: 'OPTIONS' });
    expect(response.status).toBe(204);
    expect(response.headers.get('tus-version')).toBe('1.0.0');
    expect(response.headers.get('tus-max-size')).toBe(String(12 * MB));
    expect(response.headers.get('tus-extension')).toContain('creation');
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });

  test('answers how far an upload is', async () => {
    const { status, headers, id } = await create(5 * KB);
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`${stage.url}/uploads/${id}`);
    const video = mp4(5 * KB);
    expect((await patch(id, 0, video.subarray(0, 2 * KB))).headers.get('upload-offset')).toBe(String(2 * KB));
    const head = await raw('HEAD', `/uploads/${id}`);
    expect(head.status).toBe(200);
    expect(head.headers.get('upload-offset')).toBe(String(2 * KB));
    expect(head.headers.get('upload-length')).toBe(String(5 * KB));
    expect(head.headers.get('cache-control')).toBe('no-store');
    expect(await tell(id)).toMatchObject({
      status: 'uploading',
      offset: 2 * KB,
      length: 5 * KB,
      job_id: null,
    });
    expect((await patch(id, 2 * KB, video.subarray(2 * KB))).status).toBe(204);
    expect(await tell(id)).toMatchObject({ status: 'completed', video_id: id });
    expect((await raw('HEAD', `/uploads/${id}`)).headers.get('upload-offset')).toBe(String(5 * KB));
  });

  test('takes the first bytes with the creation, and the length later', async () => {
    const video = mp4(5 * KB);
    const withUpload = await raw(
      'POST',
      '/uploads',
      {
        'upload-length': String(video.length),
        'content-type': 'application/offset+octet-stream',
        'upload-metadata': meta({ filename: 'a.mp4' }),
      },
      video,
    );
    expect(withUpload.status).toBe(201);
    const id = withUpload.headers.get('location')?.split('/').at(-1) ?? '';
    expect(await tell(id)).toMatchObject({ status: 'completed', video_id: id });

    const deferred = await raw('POST', '/uploads', { 'upload-defer-length': '1' });
    const later = deferred.headers.get('location')?.split('/').at(-1) ?? '';
    expect(await tell(later)).toMatchObject({ length: null });
    const headers = { 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' };
    await raw('PATCH', `/uploads/${later}`, { ...headers, 'upload-length': String(video.length) }, video);
    expect(await tell(later)).toMatchObject({ status: 'completed', length: video.length });
  });

  test('refuses what does not fit', async () => {
    const video = mp4(5 * KB);
    const { id } = await create(video.length);
    expect(await patch(id, 7, video)).toMatchObject({ status: 409, body: { code: 'offset_conflict' } });
    expect(await patch(id, 0, Buffer.concat([video, video]))).toMatchObject({ status: 413 });
    expect((await raw('POST', '/uploads', { 'tus-resumable': '0.9' })).status).toBe(400);
    expect((await raw('POST', '/uploads')).status).toBe(400);
    expect((await raw('POST', '/uploads', { 'upload-length': '-1' })).status).toBe(400);
    expect(
      (await raw('PATCH', `/uploads/${id}`, { 'content-type': 'application/offset+octet-stream' })).status,
    ).toBe(403);
    expect(await tell(id)).toMatchObject({ offset: 0 });
    const stranger = await fetch(`${stage.url}/uploads`, {
      method: 'POST',
      headers: { 'tus-resumable': '1.0.0' },
    });
    expect(stranger.status).toBe(401);
  });

  test('of two that send the same bytes at once, one gets on', async () => {
    const video = mp4(5 * KB);
    const { id } = await create(video.length);
    const answers = await Promise.all([patch(id, 0, video), patch(id, 0, video)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 409]);
    expect(await tell(id)).toMatchObject({ status: 'completed' });
    expect(await stage.count('lectures')).toBe(1);
  });

  test('knows no upload of another’s, nor one that is not there', async () => {
    const { id } = await create(KB);
    for (const [upload, user] of [
      [id, 'bert'],
      [NOBODY, 'anna'],
      ['x', 'anna'],
    ] as const) {
      expect((await raw('HEAD', `/uploads/${upload}`, {}, undefined, user)).status).toBe(404);
      expect((await raw('GET', `/uploads/${upload}`, {}, undefined, user)).status).toBe(404);
      expect((await raw('DELETE', `/uploads/${upload}`, {}, undefined, user)).status).toBe(404);
      expect((await patch(upload, 0, mp4(KB), user)).status).toBe(404);
    }
    expect(await tell(id, 'root')).toMatchObject({ status: 'uploading' });
  });

  test('gives an upload up', async () => {
    const { id } = await create(5 * KB);
    await patch(id, 0, mp4(2 * KB));
    expect((await raw('DELETE', `/uploads/${id}`)).status).toBe(204);
    expect(await stage.keys()).toEqual([]);
    expect((await raw('GET', `/uploads/${id}`)).status).toBe(404);
  });
});

describe('nothing that was taken is lost', () => {
  test('when the client goes away in the middle', async () => {
    const video = mp4(8 * MB);
    const { id } = await create(video.length);
    const stored = new Promise<void>((resolve) => {
      const { put } = stage.store;
      jest.spyOn(stage.store, 'put').mockImplementation(async (...args) => {
        const head = await put.apply(stage.store, args);
        resolve();
        return head;
      });
    });
    const req = request(new URL(`/uploads/${id}`, stage.url), {
      method: 'PATCH',
      headers: {
        ...(await authorization('anna')),
        'tus-resumable': '1.0.0',
        'upload-offset': '0',
        'content-type': 'application/offset+octet-stream',
        'content-length': video.length,
      },
    });
    req.on('error', () => undefined).write(video.subarray(0, 6 * MB));
    await stored;
    req.destroy();
    await until(id, ({ offset }) => offset >= 5 * MB);
    await client(video, { uploadUrl: `${stage.url}/uploads/${id}` });
    expect((await bytesAt(`videos/${id}/lecture.mp4`)).equals(video)).toBe(true);
  });

  test('when the last step fails: whoever looks has it done', async () => {
    const video = mp4(5 * KB);
    const { id } = await create(video.length);
    await stage.refuse('lectures', async () => {
      expect((await patch(id, 0, video)).status).toBe(500);
    });
    expect(await stage.count('lectures')).toBe(0);
    expect((await raw('HEAD', `/uploads/${id}`)).headers.get('upload-offset')).toBe(String(video.length));
    expect(await until(id, ({ status }) => status !== 'assembling')).toMatchObject({
      status: 'completed',
      video_id: id,
    });
    expect(await stage.count('lectures')).toBe(1);
  });

  test('when an item was made and the upload did not get to hear of it', async () => {
    const { id } = await create(png.length, { filename: 'a.png', service: 'media' });
    await patch(id, 0, png);
    const { media_id } = await tell(id);
    await sql`update staged_uploads set finished_at = null, media_id = null where id = ${id}`.execute(
      stage.db,
    );
    await stage.store.put('chunks/1/again', png);
    await sql`insert into staged_parts (upload_id, position, size, object_key)
              values (${id}, 0, ${png.length}, 'chunks/1/again')`.execute(stage.db);
    expect(await until(id, ({ status }) => status !== 'assembling')).toMatchObject({
      status: 'completed',
      media_id,
    });
    expect(await stage.count('media_items')).toBe(1);
  });
});

/** Asks until an upload stands as it should. */
async function until(id: string, stands: (upload: View) => boolean): Promise<View> {
  for (;;) {
    const upload = await tell(id);
    if (stands(upload)) return upload;
  }
}
