import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openGateway } from '../testing/open-gateway.ts';
import { fileAddresses } from './addresses.ts';

let gateway: Awaited<ReturnType<typeof openGateway>>;
let signed: (key: string, filename?: string) => Promise<string>;
const bytes = randomBytes(100_000);
const etag = `"${createHash('sha256').update(bytes).digest('hex')}"`;
const KEY = 'docs/a b/ünï&code.bin';

beforeAll(async () => {
  gateway = await openGateway();
  await gateway.deps.store.put(KEY, bytes, { contentType: 'video/mp4' });
  signed = fileAddresses(gateway.deps.store, gateway.deps.env).signed;
});
afterAll(() => gateway.close());

const get = async (headers: Record<string, string> = {}, method = 'GET') => {
  const response = await fetch(await signed(KEY), { headers, method });
  return { response, body: Buffer.from(await response.arrayBuffer()) };
};

describe('a signed address', () => {
  it('gives the file, its strong tag, and no chance to run anything', async () => {
    const { response, body } = await get();
    expect(response.status).toBe(200);
    expect(body.equals(bytes)).toBe(true);
    const header = (name: string) => response.headers.get(name);
    expect(header('etag')).toBe(etag);
    expect(header('content-type')).toBe('video/mp4');
    expect(header('content-length')).toBe('100000');
    expect(header('accept-ranges')).toBe('bytes');
    expect(header('x-content-type-options')).toBe('nosniff');
    expect(header('content-security-policy')).toContain('sandbox');
    expect(header('cross-origin-resource-policy')).toBe('cross-origin');
    expect(header('cache-control')).toMatch(/^private, max-age=\d+$/);
  });

  it('tells the same of itself to HEAD, without the bytes', async () => {
    const { response, body } = await get({ range: 'bytes=0-9' }, 'HEAD');
    expect(response.status).toBe(206);
    expect(response.headers.get('content-length')).toBe('10');
    expect(body.length).toBe(0);
  });

  it.each<[string, number, number]>([
    ['bytes=0-0', 0, 0],
    ['bytes=500-999', 500, 999],
    ['bytes=99990-', 99_990, 99_999],
    ['bytes=99990-200000', 99_990, 99_999],
    ['bytes=-10', 99_990, 99_999],
    ['bytes=-200000', 0, 99_999],
  ])('answers %s', async (range, start, end) => {
    const { response, body } = await get({ range });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end}/100000`);
    expect(body.equals(bytes.subarray(start, end + 1))).toBe(true);
  });

  it.each(['bytes=100000-', 'bytes=100000-100001', 'bytes=-0'])('has no %s', async (range) => {
    const { response } = await get({ range });
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe('bytes */100000');
    expect(response.headers.get('content-type')).toContain('problem+json');
  });

  it.each(['bytes=5-2', 'bytes=-', 'lines=1-2', 'bytes=0-1,5-6', 'bytes=a-b'])(
    'takes %s for no range',
    async (range) => {
      expect((await get({ range })).response.status).toBe(200);
    },
  );

  it('is not sent again to who has it', async () => {
    for (const tag of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const { response, body } = await get({ 'if-none-match': tag });
      expect(response.status).toBe(304);
      expect(response.headers.get('etag')).toBe(etag);
      expect(body.length).toBe(0);
    }
    expect((await get({ 'if-none-match': '"x"' })).response.status).toBe(200);
  });

  it('gives a range only of the file that was begun with', async () => {
    const range = 'bytes=0-9';
    const modified = (await get()).response.headers.get('last-modified') ?? '';
    const status = async (condition: string) => (await get({ range, 'if-range': condition })).response.status;
    expect(await status(etag)).toBe(206);
    expect(await status(modified)).toBe(206);
    expect(await status('"x"')).toBe(200);
    expect(await status(`W/${etag}`)).toBe(200);
    expect(await status('Thu, 01 Jan 1970 00:00:00 GMT')).toBe(200);
  });

  it('is saved under any name, however odd', async () => {
    const named = async (name: string) =>
      (await fetch(await signed(KEY, name), { method: 'HEAD' })).headers.get('content-disposition');
    expect(await named('plain.mp4')).toBe('attachment; filename="plain.mp4"');
    expect(await named('naïve "q" \\ / 日本\r\nX-Evil: 1.mp4')).toBe(
      `attachment; filename="na_ve _q_ _ _ ____X-Evil: 1.mp4"; ` +
        `filename*=UTF-8''na%C3%AFve%20%22q%22%20_%20_%20%E6%97%A5%E6%9C%AC__X-Evil%3A%201.mp4`,
    );
    expect((await named('x'.repeat(1_000)))?.length).toBeLessThan(300);
  });

  it('never shows a page as a page', async () => {
    await gateway.deps.store.put('docs/evil.html', Buffer.from('<script>1</script>'), {
      contentType: 'text/html',
    });
    const response = await fetch(await signed('docs/evil.html'));
    expect(response.headers.get('content-disposition')).toContain('attachment');
    await response.text();
  });
});

describe('an address that is not right', () => {
  const statusOf = async (change: (url: URL) => void) => {
    const url = new URL(await signed(KEY, 'name.mp4'));
    change(url);
    const response = await fetch(url);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it('opens nothing when it was changed', async () => {
    const changes: ((url: URL) => void)[] = [
      (url) => url.searchParams.set('expires', String(Number(url.searchParams.get('expires')) + 1)),
      (url) => url.searchParams.set('filename', 'other.mp4'),
      (url) => url.searchParams.delete('filename'),
      (url) => url.searchParams.set('signature', 'AAAA'),
      (url) => url.searchParams.delete('signature'),
      (url) => (url.pathname = '/files/docs/other.bin'),
    ];
    for (const change of changes) expect(await statusOf(change)).toMatchObject({ status: 403 });
  });

  it('says when it is over', async () => {
    const over = await statusOf((url) => url.searchParams.set('expires', '1000'));
    expect(over).toMatchObject({ status: 403, body: { code: 'link_expired' } });
  });

  it('is nothing without a signature', async () => {
    expect(await statusOf((url) => (url.search = ''))).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    });
  });

  it.each(['..%2f..%2f..%2fetc%2fpasswd', '%2e%2e/%2e%2e/etc/passwd', 'a%00b', 'a%5c..%5cb', '%ff', ''])(
    'leads nowhere: /files/%s',
    async (path) => {
      // Raw, since fetch would tidy the path first.
      const { port } = new URL(gateway.url);
      const sent = request({ port, host: '127.0.0.1', path: `/files/${path}` }).end();
      const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
      response.resume();
      expect([400, 404]).toContain(response.statusCode);
    },
  );

  it('signed for a key that leads elsewhere still leads nowhere', async () => {
    await expect(signed('../secret')).rejects.toThrow();
  });
});

it('stops reading when the client goes', async () => {
  const large = randomBytes(32 * 1024 * 1024);
  await gateway.deps.store.put('docs/large.bin', large);
  const url = new URL(await signed('docs/large.bin'));
  const sent = request(url).end();
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
  await once(response, 'data');
  response.destroy();
  // It is counted as broken off once the gateway has noticed.
  const counted = /seconds_count\{.*method="GET",route="\/files\/\*key",status="499"/;
  const metrics = async () => (await fetch(`${gateway.url}/metrics`)).text();
  while (!counted.test(await metrics()));
});
