import { request } from 'node:http';

export interface Answered {
  status: number;
  headers: Headers;
  body: unknown;
}

export interface Part {
  name?: string;
  filename?: string;
  bytes: Uint8Array;
}

export type MediaClient = ReturnType<typeof mediaClient>;

/** A client of one user. */
export function mediaClient(base: string, token: Promise<string>) {
  const send = async (method: string, path: string, init: RequestInit = {}): Promise<Answered> => {
    const headers = { authorization: `Bearer ${await token}`, ...(init.headers as Record<string, string>) };
    const response = await fetch(new URL(path, base), { ...init, method, headers });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
  };
  const json = (body: unknown): RequestInit => ({
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
  const uploadTo = (
    path: string,
    parts: Part | Part[],
    fields: Record<string, string> = {},
    headers: Record<string, string> = {},
  ) => {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    for (const { name = 'file', filename = 'photo.png', bytes } of [parts].flat()) {
      form.append(name, new Blob([new Uint8Array(bytes)]), filename);
    }
    return send('POST', path, { body: form, headers });
  };
  return {
    get: (path: string, headers: Record<string, string> = {}) => send('GET', path, { headers }),
    /** An answer that is no JSON. */
    getBytes: async (path: string) => {
      const headers = { authorization: `Bearer ${await token}` };
      const response = await fetch(new URL(path, base), { headers });
      return { headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
    },
    remove: (path: string) => send('DELETE', path),
    put: (path: string, body: unknown) => send('PUT', path, json(body)),
    patch: (path: string, body: unknown) => send('PATCH', path, json(body)),
    post: (path: string, headers: Record<string, string> = {}) => send('POST', path, { headers }),
    postJson: (path: string, body: unknown, headers: Record<string, string> = {}) =>
      send('POST', path, { ...json(body), headers: { 'content-type': 'application/json', ...headers } }),
    upload: (parts: Part | Part[], fields?: Record<string, string>, headers?: Record<string, string>) =>
      uploadTo('/api/media/upload/', parts, fields, headers),
    uploadTo,
    /** A body as it is, for forms that no client would send. */
    raw: (body: Uint8Array, contentType: string, path = '/api/media/upload/') =>
      send('POST', path, {
        body: new Blob([new Uint8Array(body)]),
        headers: { 'content-type': contentType },
      }),
    /** Sends the start of an upload, and goes away once `when` resolves. */
    abandon: async (
      start: Uint8Array,
      contentLength: number,
      when: Promise<unknown>,
      path = '/api/media/upload/',
    ) => {
      const headers = {
        authorization: `Bearer ${await token}`,
        'content-type': 'multipart/form-data; boundary=x',
        'content-length': contentLength,
      };
      const req = request(new URL(path, base), { method: 'POST', headers });
      req.on('error', () => undefined).write(start);
      await when;
      req.destroy();
    },
  };
}

/** A form with one file, by hand, as busboy will read it; `end` false leaves out the closing boundary. */
export function handmade(header: string, bytes: Uint8Array, end = true): Buffer {
  return Buffer.concat([
    Buffer.from(`--x\r\nContent-Disposition: form-data; ${header}\r\nContent-Type: image/png\r\n\r\n`),
    bytes,
    Buffer.from(end ? '\r\n--x--\r\n' : ''),
  ]);
}
