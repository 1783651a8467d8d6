import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describeObjectStore } from './conformance.ts';
import { bytesOf, lazily, MB, pattern, sha256, stalling, streamOf } from './conformance/bodies.ts';
import { createS3Store } from './s3.ts';
import { fetchUrl } from './testing/fetch-url.ts';
import { S3Failure, startS3Double } from './testing/s3-double.ts';
import { startS3rver } from './testing/s3rver.ts';

const credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };
const common = { ...credentials, bucket: 'objects', region: 'us-east-1', forcePathStyle: true };

describeObjectStore({ describe, it, expect, beforeAll, afterAll }, 'the S3 store', {
  open: async () => {
    const server = await startS3Double(common.bucket, credentials);
    const options = {
      ...common,
      endpoint: server.url,
      prefix: 'media/',
      checksumMode: 'WHEN_SUPPORTED',
    } as const;
    return {
      store: createS3Store(options),
      openUrl: (url, now) => {
        server.now = now;
        return fetchUrl(url).finally(() => (server.now = undefined));
      },
      leftovers: () =>
        Promise.resolve([
          ...[...server.objects.keys()].filter((key) => key.startsWith('media/.mediaworks/')),
          ...server.uploads.keys(),
        ]),
      close: () => server.stop(),
    };
  },
});

describeObjectStore({ describe, it, expect, beforeAll, afterAll }, 'the S3 store on s3rver', {
  serverLacks: {
    whole_objects: 's3rver truncates an object in place and writes its metadata afterwards',
    signatures: 's3rver opens for any signature at any time',
    key_order: 's3rver lists by the names of its files, which have endings, and folders between them',
    ending_uploads: 's3rver answers AbortMultipartUpload with 405',
  },
  open: async () => {
    const server = await startS3rver(common.bucket);
    const store = createS3Store({ ...common, endpoint: server.url, checksumMode: 'WHEN_REQUIRED' });
    return {
      store,
      openUrl: (url) => fetchUrl(url),
      leftovers: () => server.keysUnder('.mediaworks'),
      close: () => server.stop(),
    };
  },
});

describe('the S3 store', () => {
  let server: Awaited<ReturnType<typeof startS3Double>>;
  beforeAll(async () => {
    server = await startS3Double(common.bucket, credentials);
  });
  afterAll(() => server.stop());
  const open = (more: Partial<Parameters<typeof createS3Store>[0]> = {}) =>
    createS3Store({ ...common, endpoint: server.url, checksumMode: 'WHEN_SUPPORTED', ...more });
  const requestsOf = async (work: Promise<unknown>) => {
    server.requests.length = 0;
    await work;
    return server.requests.filter((name) => !name.startsWith('List'));
  };

  it('puts what is short in one request, and a long promised body without a copy', async () => {
    expect(await requestsOf(open().put('short', streamOf(pattern(5 * MB))))).toEqual(['PutObject']);
    const expectedSha256 = sha256(pattern(6 * MB));
    const promised = await requestsOf(open().put('promised', streamOf(pattern(6 * MB)), { expectedSha256 }));
    expect(promised.sort()).toEqual([
      'CompleteMultipartUpload',
      'CreateMultipartUpload',
      'UploadPart',
      'UploadPart',
    ]);
    const unknown = await requestsOf(open().put('unknown', streamOf(pattern(6 * MB))));
    expect(unknown.slice(-4)).toEqual(['CompleteMultipartUpload', 'GetObject', 'CopyObject', 'DeleteObject']);
  });

  it.each(['WHEN_SUPPORTED', 'WHEN_REQUIRED'] as const)('sends checksums %s', async (checksumMode) => {
    const seen: boolean[] = [];
    server.onRequest = (operation, headers) => {
      if (operation === 'PutObject' || operation === 'UploadPart')
        seen.push('x-amz-checksum-crc32' in headers);
    };
    await open({ checksumMode }).put('a', streamOf(pattern(6 * MB)));
    await open({ checksumMode }).put('a', pattern(10));
    server.onRequest = () => undefined;
    expect(seen).toEqual(Array.from({ length: 3 }, () => checksumMode === 'WHEN_SUPPORTED'));
  });

  it('copies what is too large for one request in parts', async () => {
    const store = open({ copyBytes: 5 * MB });
    const bytes = pattern(16 * MB);
    await store.put('large', streamOf(bytes), { contentType: 'video/mp4' });
    const requests = await requestsOf(store.copy('large', 'copied'));
    expect(requests.filter((name) => name === 'UploadPartCopy')).toHaveLength(4);
    expect(await store.head('copied')).toMatchObject({ sha256: sha256(bytes), contentType: 'video/mp4' });
    expect((await bytesOf(store.get('copied'))).equals(bytes)).toBe(true);
  });

  it('makes no copy of two versions', async () => {
    const store = open({ copyBytes: 5 * MB });
    await store.put('large', pattern(16 * MB));
    let parts = 0;
    server.onRequest = (operation) => {
      const object = server.objects.get('large');
      if (operation === 'UploadPartCopy' && ++parts === 2 && object) object.etag = '"another"';
    };
    await expect(store.copy('large', 'torn')).rejects.toMatchObject({ code: 'unavailable' });
    server.onRequest = () => undefined;
    expect(await store.head('torn')).toBeUndefined();
    expect(server.uploads.size).toBe(0);
  });

  it('ends an upload when a part of it fails, and reads no more of the body', async () => {
    let read = 0;
    const counted = lazily(400 * MB, () => read++);
    server.onRequest = (operation) => {
      if (operation === 'UploadPart') throw new S3Failure(403, 'AccessDenied');
    };
    await expect(open().put('failing', counted.stream)).rejects.toMatchObject({ code: 'unavailable' });
    server.onRequest = () => undefined;
    expect(read).toBeLessThan(60);
    expect(server.uploads.size).toBe(0);
    expect([...server.objects.keys()].filter((key) => key.startsWith('.mediaworks'))).toEqual([]);
  });

  it('tells the true reason when the parts can not be discarded either', async () => {
    server.onRequest = (operation) => {
      if (operation === 'AbortMultipartUpload') throw new S3Failure(405, 'MethodNotAllowed');
    };
    const maxBytes = 8 * MB;
    await expect(open().put('x', streamOf(pattern(12 * MB)), { maxBytes })).rejects.toMatchObject({
      code: 'too_large',
    });
    server.onRequest = () => undefined;
    server.uploads.clear();
  }, 60_000);

  it('leaves no part that was on its way when it was aborted', async () => {
    const controller = new AbortController();
    const reason = new Error('cancelled');
    server.onRequest = (operation) => {
      if (operation === 'UploadPart') controller.abort(reason);
    };
    const { stream } = stalling(6 * MB);
    await expect(open().put('x', stream, { signal: controller.signal })).rejects.toBe(reason);
    server.onRequest = () => undefined;
    expect(server.uploads.size).toBe(0);
  });

  it('hashes what somebody else put there', async () => {
    await open().put('theirs', pattern(1_000));
    const object = server.objects.get('theirs');
    if (object) object.headers = { 'content-type': 'text/plain' };
    expect(await open().head('theirs')).toMatchObject({
      sha256: sha256(pattern(1_000)),
      contentType: 'text/plain',
    });
    expect(await open().copy('theirs', 'ours')).toMatchObject({ sha256: sha256(pattern(1_000)) });
    expect(server.objects.get('ours')?.headers['x-amz-meta-sha256']).toBe(sha256(pattern(1_000)));
  });

  it('does not list folders that other programs make', async () => {
    await open().put('folder/a', pattern(1));
    const made = server.objects.get('folder/a');
    if (made) server.objects.set('folder/', made);
    const keys = [];
    for await (const { key } of open().list('folder')) keys.push(key);
    expect(keys).toEqual(['folder/a']);
  });

  it('sweeps what killed processes left a day ago', async () => {
    await open().put('stale', pattern(1));
    const old = new Date(Date.now() - 25 * 3_600_000);
    const stale = server.objects.get('stale');
    if (stale) {
      server.objects.set('.mediaworks/tmp/old', { ...stale, modifiedAt: old });
      server.objects.set('.mediaworks/tmp/new', stale);
    }
    const upload = { headers: {}, parts: new Map() };
    server.uploads.set('old', { ...upload, key: '.mediaworks/tmp/old', initiatedAt: old });
    server.uploads.set('new', { ...upload, key: '.mediaworks/tmp/new', initiatedAt: new Date() });
    server.uploads.set('theirs', { ...upload, key: 'theirs', initiatedAt: old });
    const swept = new Promise<void>((resolve) => {
      server.onRequest = (operation) => {
        if (operation === 'AbortMultipartUpload') resolve();
      };
    });
    await open().put('sweeps', streamOf(pattern(6 * MB)));
    await swept;
    server.onRequest = () => undefined;
    expect([...server.objects.keys()].filter((key) => key.startsWith('.mediaworks'))).toEqual([
      '.mediaworks/tmp/new',
    ]);
    expect([...server.uploads.keys()].filter((id) => id !== 'old')).toEqual(['new', 'theirs']);
    server.objects.delete('.mediaworks/tmp/new');
    server.uploads.clear();
  });

  it('signs for the address that clients know', async () => {
    const store = open({ publicEndpoint: 'https://s3.example' });
    expect(await store.signedUrl('a/b', { expiresInSeconds: 60 })).toMatch(
      /^https:\/\/s3\.example\/objects\/a\/b\?/,
    );
  });

  it('can not be used without its bucket, its key or its server', async () => {
    const unavailable = { name: 'StorageError', code: 'unavailable' };
    await expect(open({ bucket: 'another' }).check()).rejects.toMatchObject(unavailable);
    await expect(open({ bucket: 'another' }).put('a', pattern(1))).rejects.toMatchObject(unavailable);
    await expect(open({ secretAccessKey: 'wrong' }).check()).rejects.toMatchObject(unavailable);
    await expect(open({ secretAccessKey: 'wrong' }).get('short')).rejects.toMatchObject(unavailable);
    await expect(open({ endpoint: 'http://127.0.0.1:1' }).head('short')).rejects.toMatchObject(unavailable);
    await open().check();
  });

  it('takes an answer that breaks off for a failure', async () => {
    await open().put('broken', streamOf(pattern(12 * MB)));
    const object = server.objects.get('broken');
    if (object) object.parts = [...object.parts.slice(0, 1), { path: '/nowhere', size: 7 * MB }];
    await expect(bytesOf(open().get('broken'))).rejects.toMatchObject({ code: 'unavailable' });
  });
});
