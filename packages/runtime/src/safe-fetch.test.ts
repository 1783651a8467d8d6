import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { checkPublicUrl, isPublicAddress } from './public-address.ts';
import { fetchToFile, type FetchToFileOptions } from './safe-fetch.ts';

const bytes = randomBytes(300_000);
const sha256 = createHash('sha256').update(bytes).digest('hex');

describe('a public address', () => {
  test.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '2606:4700:4700::1111', '2a00:1450:4001:80b::200e'])(
    'is %s',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );
  test.each([
    ...['127.0.0.1', '127.9.9.9', '0.0.0.0', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
    ...['169.254.169.254', '100.64.0.1', '198.18.0.1', '224.0.0.1', '255.255.255.255', '192.0.2.1'],
    ...['::1', '::', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '64:ff9b::7f00:1', 'fe80::1', 'fe80::1%eth0'],
    ...['fc00::1', 'fd00:ec2::254', 'ff02::1', '2002:7f00:1::', '2001::1', '2001:db8::1', 'no address', ''],
  ])('is not %s', (address) => expect(isPublicAddress(address)).toBe(false));
});

describe('the address that a stranger gave', () => {
  const inside = { resolve: () => Promise.resolve([{ address: '10.0.0.7', family: 4 }]) };
  const outside = { resolve: () => Promise.resolve([{ address: '93.184.215.14', family: 4 }]) };
  const both = {
    resolve: async () => [...(await outside.resolve()), ...(await inside.resolve())],
  };

  test.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://017700000001/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://169.254.169.254/latest/meta-data/',
    'http://8.8.8.8:22/',
    'http://8.8.8.8:25/',
  ])('%s is refused', async (url) => {
    await expect(checkPublicUrl(url, outside)).rejects.toMatchObject({ code: 'blocked_address' });
  });

  test.each([
    'ftp://example.com/a',
    'file:///etc/passwd',
    'gopher://example.com',
    'http://user:secret@example.com/',
    'http://',
    '//example.com/a',
    '',
    `http://example.com/${'a'.repeat(2_048)}`,
  ])('%s is none', async (url) => {
    await expect(checkPublicUrl(url, outside)).rejects.toMatchObject({ code: 'invalid_url' });
  });

  test('is refused for any address of its host that is not public', async () => {
    await expect(checkPublicUrl('http://rebind.example/', inside)).rejects.toMatchObject({
      code: 'blocked_address',
    });
    await expect(checkPublicUrl('http://rebind.example/', both)).rejects.toMatchObject({
      code: 'blocked_address',
    });
    expect((await checkPublicUrl('http://fine.example/a.mp4', outside)).href).toBe(
      'http://fine.example/a.mp4',
    );
  });

  test('is refused when there is no such host, and passes while no name server answers', async () => {
    const failing = (code: string) => ({
      resolve: () => Promise.reject(Object.assign(new Error('dns'), { code })),
    });
    await expect(checkPublicUrl('http://nowhere.example/', failing('ENOTFOUND'))).rejects.toMatchObject({
      code: 'host_not_found',
    });
    expect((await checkPublicUrl('http://later.example/', failing('EAI_AGAIN'))).hostname).toBe(
      'later.example',
    );
  });
});

describe('fetching to a file', () => {
  let server: Server;
  let base: string;
  let folder: string;
  let path: string;
  let answer: (req: IncomingMessage, res: ServerResponse) => void;
  let asked: { url: string; range: string | undefined; ifRange: string | string[] | undefined }[];

  beforeAll(async () => {
    server = createServer((req, res) => {
      asked.push({ url: req.url ?? '', range: req.headers.range, ifRange: req.headers['if-range'] });
      answer(req, res);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    base = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(async () => {
    asked = [];
    folder = await mkdtemp(join(tmpdir(), 'safe-fetch-'));
    path = join(folder, 'video.mp4');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const fetchIt = (options: Partial<FetchToFileOptions> = {}, url = `http://${base}/video.mp4`) =>
    fetchToFile(url, path, {
      maxBytes: 2 ** 20,
      signal: new AbortController().signal,
      allow: [base],
      pauseMs: 1,
      ...options,
    });
  const left = () => readdir(folder);
  /** Sends the first bytes of what was asked for, then breaks the connection. */
  const breakOff = (res: ServerResponse, from: number, count: number) =>
    res.write(bytes.subarray(from, from + count), () => res.destroy());
  const startOf = (req: IncomingMessage) => Number(/^bytes=(\d+)-$/.exec(req.headers.range ?? '')?.[1] ?? 0);
  const sendFrom = (req: IncomingMessage, res: ServerResponse, etag: string, most = bytes.length) => {
    const from = req.headers['if-range'] === etag ? startOf(req) : 0;
    const headers = { etag, 'content-length': bytes.length - from };
    if (from === 0) res.writeHead(200, headers);
    else
      res.writeHead(206, {
        ...headers,
        'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
      });
    if (most < bytes.length - from) breakOff(res, from, most);
    else res.end(bytes.subarray(from));
  };

  test('brings all of it, and tells how far it is', async () => {
    const told: (number | null)[][] = [];
    answer = (_req, res) =>
      res.writeHead(200, { 'content-type': 'video/mp4', 'content-length': bytes.length }).end(bytes);
    const fetched = await fetchIt({ onProgress: (...progress) => told.push(progress) });
    expect(fetched).toEqual({
      size: bytes.length,
      sha256,
      contentType: 'video/mp4',
      url: `http://${base}/video.mp4`,
    });
    expect(await readFile(path)).toEqual(bytes);
    expect(told.at(-1)).toEqual([bytes.length, bytes.length]);
    expect(await left()).toEqual(['video.mp4']);
  });

  test.each([
    ['that has no length', (res: ServerResponse) => res.writeHead(200).end(bytes)],
    ['shown by redirects', undefined],
  ])('brings a file %s', async (_what, send) => {
    answer = (req, res) => {
      if (send) send(res);
      else if (req.url === '/video.mp4') res.writeHead(302, { location: '/next' }).end();
      else if (req.url === '/next') res.writeHead(307, { location: `http://${base}/last` }).end();
      else res.end(bytes);
    };
    expect(await fetchIt()).toMatchObject({ sha256 });
  });

  test('goes on where it broke off', async () => {
    answer = (req, res) => sendFrom(req, res, '"v1"', 100_000);
    expect(await fetchIt()).toMatchObject({ size: bytes.length, sha256 });
    expect(asked.length).toBeGreaterThanOrEqual(3);
    expect(asked.slice(1).every(({ range, ifRange }) => range !== undefined && ifRange === '"v1"')).toBe(
      true,
    );
  });

  test('begins again when the file is another by now', async () => {
    answer = (req, res) => {
      if (asked.length === 1)
        breakOff(res.writeHead(200, { etag: '"old"', 'content-length': 500_000 }), 7, 90_000);
      else sendFrom(req, res, '"new"');
    };
    expect(await fetchIt()).toMatchObject({ size: bytes.length, sha256 });
    expect(asked[1]).toMatchObject({ ifRange: '"old"' });
  });

  test('begins again where nothing tells whether the file is the same', async () => {
    answer = (_req, res) => {
      res.writeHead(200, { etag: 'W/"weak"', 'content-length': bytes.length });
      if (asked.length === 1) breakOff(res, 0, 50_000);
      else res.end(bytes);
    };
    expect(await fetchIt()).toMatchObject({ sha256 });
    expect(asked[1]).toMatchObject({ range: undefined });
  });

  test('gives up on a server that only ever breaks off', async () => {
    answer = (_req, res) => breakOff(res.writeHead(200, { 'content-length': bytes.length }), 0, 10_000);
    await expect(fetchIt()).rejects.toMatchObject({ name: 'TransientError' });
    expect(asked.length).toBeLessThan(10);
    expect(await left()).toEqual([]);
  });

  test('leaves what it has to a later call that may go on', async () => {
    answer = (req, res) => {
      if (asked.length === 1) sendFrom(req, res, '"v1"', 100_000);
      else res.writeHead(503, { 'retry-after': '3000' }).end();
    };
    await expect(fetchIt({ resume: true })).rejects.toMatchObject({
      name: 'RetryAfterError',
      delayMs: 3_000_000,
    });
    expect(await left()).toEqual(['video.mp4', 'video.mp4.resume']);
    answer = (req, res) => sendFrom(req, res, '"v1"');
    expect(await fetchIt({ resume: true })).toMatchObject({ size: bytes.length, sha256 });
    expect(startOf({ headers: { range: asked.at(-1)?.range } } as IncomingMessage)).toBeGreaterThan(0);
    expect(await left()).toEqual(['video.mp4']);
  });

  test('does not go on with a file that it knows nothing of', async () => {
    await writeFile(path, 'something else');
    answer = (req, res) => sendFrom(req, res, '"v1"');
    await expect(fetchIt()).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await fetchIt({ resume: true })).toMatchObject({ sha256 });
  });

  test.each([
    [404, 'PermanentError', 'source_not_found'],
    [410, 'PermanentError', 'source_not_found'],
    [401, 'PermanentError', 'source_forbidden'],
    [403, 'PermanentError', 'source_forbidden'],
    [400, 'PermanentError', 'source_refused'],
    [204, 'PermanentError', 'source_refused'],
    [304, 'PermanentError', 'source_refused'],
    [408, 'TransientError', 'source_busy'],
    [429, 'TransientError', 'source_busy'],
    [500, 'TransientError', 'source_busy'],
    [503, 'TransientError', 'source_busy'],
  ])('of HTTP %d is a %s %s', async (status, name, code) => {
    answer = (_req, res) => res.writeHead(status).end();
    await expect(fetchIt()).rejects.toMatchObject({ name, code });
    expect(await left()).toEqual([]);
  });

  test('of 429 with Retry-After comes back then', async () => {
    answer = (_req, res) => res.writeHead(429, { 'retry-after': '7' }).end();
    await expect(fetchIt()).rejects.toMatchObject({ name: 'RetryAfterError', delayMs: 7_000 });
  });

  test('refuses what is too large, told or not', async () => {
    for (const headers of [{ 'content-length': bytes.length }, {}]) {
      answer = (_req, res) => res.writeHead(200, headers).end(bytes);
      await expect(fetchIt({ maxBytes: 1_000 })).rejects.toMatchObject({
        name: 'PermanentError',
        code: 'too_large',
      });
    }
    expect(await left()).toEqual([]);
  });

  test('refuses an empty file, and what the caller does not want by its first bytes', async () => {
    answer = (_req, res) => res.end();
    await expect(fetchIt()).rejects.toMatchObject({ code: 'empty_file' });
    const heads: Buffer[] = [];
    const check = (head: Buffer) => {
      heads.push(head);
      throw new Error('not that');
    };
    answer = (_req, res) => res.end(bytes);
    await expect(fetchIt({ check })).rejects.toThrow('not that');
    answer = (_req, res) => res.end('<html>');
    await expect(fetchIt({ check })).rejects.toThrow('not that');
    expect(heads).toEqual([bytes.subarray(0, 4_100), Buffer.from('<html>')]);
    expect(await left()).toEqual([]);
  });

  test('follows no redirect inside, and not for ever', async () => {
    for (const location of [
      'http://127.0.0.1:1/',
      'http://localhost:1/',
      'http://[::1]/',
      'file:///etc/passwd',
    ]) {
      answer = (_req, res) => res.writeHead(302, { location }).end();
      await expect(fetchIt()).rejects.toMatchObject({
        name: 'PermanentError',
        code: expect.stringMatching(/blocked_address|invalid_url/),
      });
    }
    answer = (_req, res) => res.writeHead(302, { location: '/video.mp4' }).end();
    await expect(fetchIt()).rejects.toMatchObject({ code: 'too_many_redirects' });
  });

  test('connects to no name that leads inside by then', async () => {
    asked = [];
    let lookups = 0;
    const resolve = () => {
      lookups++;
      return Promise.resolve([{ address: lookups === 1 ? '93.184.215.14' : '127.0.0.1', family: 4 }]);
    };
    const url = `http://rebind.example:${base.split(':')[1] ?? ''}/video.mp4`;
    await checkPublicUrl(url, { resolve });
    await expect(fetchIt({ allow: [], resolve }, url)).rejects.toMatchObject({
      name: 'PermanentError',
      code: 'blocked_address',
    });
    expect(lookups).toBe(2);
    expect(asked).toEqual([]);
  });

  test('waits for no server that is silent', async () => {
    answer = () => undefined;
    await expect(fetchIt({ silenceMs: 50 })).rejects.toMatchObject({ name: 'TransientError' });
    answer = (_req, res) =>
      res.writeHead(200, { 'content-length': bytes.length }).write(bytes.subarray(0, 9));
    await expect(fetchIt({ silenceMs: 50 })).rejects.toMatchObject({ name: 'TransientError' });
  });

  test('stops when it is told to', async () => {
    const stop = new AbortController();
    answer = (_req, res) =>
      res.writeHead(200, { 'content-length': bytes.length }).write(bytes.subarray(0, 9_000));
    const onProgress = () => stop.abort(new Error('enough'));
    await expect(fetchIt({ signal: stop.signal, onProgress })).rejects.toThrow('enough');
    expect(await left()).toEqual([]);
  });
});
