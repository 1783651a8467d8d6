import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { bearer, openGateway, OPERATOR_TOKEN, tokenFor } from './testing/open-gateway.ts';

let gateway: Awaited<ReturnType<typeof openGateway>>;
beforeAll(async () => {
  gateway = await openGateway({ ALLOWED_ORIGINS: 'https://app.example' });
});
afterAll(() => gateway.close());

const operator = bearer(OPERATOR_TOKEN);
const ask = (path: string, init: RequestInit = {}) =>
  fetch(`${gateway.url}${path}`, {
    ...init,
    headers: { ...operator, ...(init.headers as Record<string, string>) },
  });

describe('errors', () => {
  const id = '00000000-0000-4000-8000-000000000000';
  it.each<[string, string, RequestInit, number, string]>([
    ['an unknown address', '/nowhere', {}, 404, 'not_found'],
    ['an unknown address of a domain', '/api/jobs/a/b/c', {}, 404, 'not_found'],
    ['a method that is not there', '/api/jobs', { method: 'DELETE' }, 405, 'method_not_allowed'],
    [
      'JSON that is none',
      `/api/jobs/${id}/cancel`,
      { method: 'POST', body: '{"reason' },
      400,
      'malformed_json',
    ],
    [
      'a wrong field',
      `/api/jobs/${id}/cancel`,
      { method: 'POST', body: '{"reason":1}' },
      400,
      'invalid_request',
    ],
    [
      'a body too large',
      `/api/jobs/${id}/cancel`,
      { method: 'POST', body: 'x'.repeat(70_000) },
      413,
      'too_large',
    ],
    [
      'a body of another kind',
      `/api/jobs/${id}/cancel`,
      { method: 'POST', body: 'a=b', headers: { 'content-type': 'text/plain' } },
      415,
      'unsupported_media_type',
    ],
    ['an address that can not be decoded', '/api/jobs/%ff', {}, 400, 'malformed_request'],
  ])('%s', async (_name, path, init, status, code) => {
    const headers = { 'content-type': 'application/json', ...(init.headers as Record<string, string>) };
    const answer = await ask(path, { ...init, headers });
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({
      type: `urn:mediaworks:problem:${code}`,
      title: expect.any(String),
      status,
      code,
      error: expect.any(String),
      request_id: answer.headers.get('x-request-id'),
    });
    expect(answer.status).toBe(status);
    expect(text).not.toMatch(/node_modules|\.ts|at .*:\d+|SyntaxError/);
  });

  it('names the methods that are there', async () => {
    expect((await ask('/api/jobs', { method: 'DELETE' })).headers.get('allow')).toBe('GET, HEAD, OPTIONS');
  });
});

describe('every answer', () => {
  it('carries the caller’s request id when it is a sane one', async () => {
    const idFor = async (given: string) =>
      (await ask('/healthz', { headers: { 'x-request-id': given } })).headers.get('x-request-id');
    expect(await idFor('abc-123')).toBe('abc-123');
    expect(await idFor('a b{}')).toMatch(/^[0-9a-f]{32}$/);
  });

  it('carries helmet’s headers and none that says what we run on', async () => {
    const { headers } = await ask('/api/jobs');
    expect(headers.get('content-security-policy')).toBe("default-src 'none';frame-ancestors 'none'");
    expect(headers.get('strict-transport-security')).toContain('max-age');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-powered-by')).toBeNull();
  });

  it('lets pages of the allowed origins alone read it', async () => {
    const allowed = async (origin: string) =>
      (await ask('/api/jobs', { headers: { origin } })).headers.get('access-control-allow-origin');
    expect(await allowed('https://app.example')).toBe('https://app.example');
    expect(await allowed('https://evil.example')).toBeNull();
    const preflight = await fetch(`${gateway.url}/api/jobs`, {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example', 'access-control-request-method': 'GET' },
    });
    expect(preflight.status).toBe(204);
  });

  it('works with a slash at the end and without', async () => {
    expect((await ask('/api/jobs/')).status).toBe(200);
    expect((await ask('/health/')).status).toBe(200);
  });
});

describe('the document', () => {
  it('is valid OpenAPI 3.1 and knows every route', async () => {
    const document = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, unknown>>;
    };
    const checked = await new Validator().validate(document);
    expect(checked.errors ?? []).toEqual([]);
    expect(checked.valid).toBe(true);
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining([
        '/api/jobs',
        '/api/jobs/{id}',
        '/api/jobs/{id}/events',
        '/api/jobs/{id}/cancel',
        '/api/jobs/{id}/retry',
        '/files/{key}',
        '/api/media',
      ]),
    );
    expect(JSON.stringify(document.paths['/api/jobs/{id}'])).toContain('#/components/schemas/Job');
  });

  it('is readable, from our own files, with no script in the page', async () => {
    const page = await fetch(`${gateway.url}/docs`);
    const html = await page.text();
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    const scripts = [...html.matchAll(/<script[^>]*>/g)].map(([tag]) => tag);
    expect(scripts.every((tag) => tag.includes('src="/docs/'))).toBe(true);
    for (const [, asset] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
      const answer = await fetch(`${gateway.url}${String(asset)}`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).not.toContain('text/html');
      await answer.arrayBuffer();
    }
  });
});

describe('health', () => {
  it('is told in three ways', async () => {
    const json = async (path: string) => (await fetch(`${gateway.url}${path}`)).json();
    expect(await json('/healthz')).toEqual({ status: 'ok' });
    expect(await json('/readyz')).toEqual({
      ready: true,
      checks: { database: 'ok', queue: 'ok', storage: 'ok' },
    });
    expect(await json('/health')).toEqual({
      service: 'mediaworks',
      status: 'healthy',
      database: 'connected',
      storage: 'connected',
      queue: 'connected',
      firebase: 'not configured',
      ytdlp: 'no ingester runs',
      timestamp: expect.any(String),
    });
  });

  it('counts open jobs, and requests by route and not by address', async () => {
    await ask('/api/jobs/00000000-0000-4000-8000-000000000000');
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(text).toMatch(
      /mediaworks_open_jobs\{queue="media-transcoder",type="media.purge",status="queued".*\} \d+/,
    );
    expect(text).toMatch(
      /mediaworks_http_request_seconds_count\{.*method="GET",route="\/api\/jobs\/:id",status="404"/,
    );
    expect(text).not.toContain('00000000-0000-4000-8000');
  });
});

it('keeps admins’ routes from users', async () => {
  const headers = bearer(await tokenFor('alice'));
  expect((await fetch(`${gateway.url}/queues/`, { headers })).status).toBe(403);
});
