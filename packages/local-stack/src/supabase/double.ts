import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import pg from 'pg';
import { projectRoot } from '../services.ts';
import { type Reply, restError } from './reply.ts';
import { answerRest } from './rest.ts';
import { createStorage } from './storage.ts';

const BIGINT: number = pg.types.builtins.INT8;
const TIMESTAMPTZ: number = pg.types.builtins.TIMESTAMPTZ;

/** How the double misbehaves, for requests whose method and path hold a text. */
export interface SupabaseFault {
  /** What it answers instead; without it, it breaks the connection. */
  reply?: Reply;
  /** How often; default: always. */
  times?: number;
}

export interface SupabaseDouble {
  url: string;
  serviceRoleKey: string;
  /** Of whoever opens a page: may do what row level security lets it. */
  anonKey: string;
  /** What was asked for, as `METHOD /path`. */
  requests: string[];
  /** Files by `bucket/path`. */
  objects: ReadonlyMap<string, { bytes: Buffer; contentType: string }>;
  fail(part: string, fault: SupabaseFault): void;
  mend(): void;
  query(text: string): Promise<void>;
  stop(): Promise<void>;
}

/** What a project has before anybody does anything: the roles, and the schema of Storage. */
const NEW_PROJECT = `
  do $$ begin create role anon nologin; exception when duplicate_object or unique_violation then null; end $$;
  do $$ begin create role authenticated nologin; exception when duplicate_object or unique_violation then null; end $$;
  do $$ begin create role service_role nologin bypassrls; exception when duplicate_object or unique_violation then null;
  end $$;
  create schema storage;
  create table storage.buckets (
    id text primary key, name text not null, public boolean default false, file_size_limit bigint);
  create table storage.objects (
    bucket_id text references storage.buckets (id), name text, primary key (bucket_id, name));
  alter table storage.buckets enable row level security;
  alter table storage.objects enable row level security;
  grant usage on schema storage, public to anon, authenticated, service_role;
  grant all on storage.buckets, storage.objects to anon, authenticated, service_role;
`;

const parserOf = pg.types.getTypeParser as (oid: number) => (text: string) => unknown;

/** Big numbers as numbers, and times as Postgres writes them. */
const asPostgrest: pg.CustomTypesConfig = {
  getTypeParser: (oid: number): ((text: string) => unknown) => {
    if (oid === BIGINT) return Number;
    return oid === TIMESTAMPTZ ? String : parserOf(oid);
  },
};

/**
 * Supabase as its client sees it: PostgREST and Storage at the wire, over a real Postgres with the real roles and row
 * level security, so that our SQL for it is tried too.
 * @param databaseUrl of an empty database
 */
export async function startSupabaseDouble(databaseUrl: string): Promise<SupabaseDouble> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 5, types: asPostgrest });
  pool.on('error', () => undefined);
  await pool.query(NEW_PROJECT);
  await pool.query(await readFile(`${projectRoot}infra/supabase/tiktok.sql`, 'utf8'));

  let origin = '';
  const storage = createStorage(() => origin);
  const keys = new Map([
    [`service-${randomUUID()}`, 'service_role'],
    [`anon-${randomUUID()}`, 'anon'],
  ]);
  const [serviceRoleKey = '', anonKey = ''] = keys.keys();
  const requests: string[] = [];
  let faults: { part: string; fault: SupabaseFault; left: number }[] = [];

  /** Everything a request does is done as the role of its key. */
  const asRole = async (role: string, work: (client: pg.ClientBase) => Promise<Reply>): Promise<Reply> => {
    const client = await pool.connect();
    try {
      await client.query(`begin; set local role ${role}`);
      const reply = await work(client);
      await client.query(reply.status < 400 ? 'commit' : 'rollback');
      return reply;
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  };

  const answer = async (request: IncomingMessage, url: URL, body: Buffer): Promise<Reply> => {
    const header = (name: string) => String(request.headers[name] ?? '');
    const { method = 'GET' } = request;
    const path = decodeURIComponent(url.pathname);
    const [, opened] = /^\/storage\/v1\/object\/sign\/(.+)$/.exec(path) ?? [];
    if (opened !== undefined && method === 'GET')
      return storage.openSigned(opened, url.searchParams.get('token') ?? '');
    const [, shown] = /^\/storage\/v1\/object\/public\/(.+)$/.exec(path) ?? [];
    if (shown !== undefined) return asRole('service_role', (client) => storage.openPublic(client, shown));
    const role = keys.get(header('authorization').replace('Bearer ', ''));
    if (role === undefined) return restError(401, '', 'Invalid API key');
    return asRole(role, (client) =>
      answerAs(client, { method, path, query: url.searchParams, header, body }),
    );
  };

  const answerAs = async (client: pg.ClientBase, asked: Asked): Promise<Reply> => {
    const { method, path, header, body } = asked;
    const [, table] = /^\/rest\/v1\/(\w+)$/.exec(path) ?? [];
    if (table !== undefined) {
      const parsed: unknown = body.length === 0 ? undefined : JSON.parse(body.toString());
      return answerRest(client, {
        method,
        table,
        query: asked.query,
        prefer: header('prefer'),
        body: parsed,
      });
    }
    const [, bucketId] = /^\/storage\/v1\/bucket(?:\/([^/]+))?$/.exec(path) ?? ['', undefined];
    if (/^\/storage\/v1\/bucket/.test(path)) {
      return storage.bucket(
        client,
        method,
        bucketId ?? '',
        body.length === 0 ? undefined : JSON.parse(body.toString()),
      );
    }
    const [, uploadId] = /^\/storage\/v1\/upload\/resumable(?:\/(.+))?$/.exec(path) ?? [];
    if (path.startsWith('/storage/v1/upload/resumable')) {
      return uploadId === undefined
        ? storage.createTus(client, header)
        : storage.tus(method, uploadId, Number(header('upload-offset')), body);
    }
    const [, infoBucket = '', infoPath] = /^\/storage\/v1\/object\/info\/([^/]+)\/(.+)$/.exec(path) ?? [];
    if (infoPath !== undefined) return storage.info(infoBucket, infoPath);
    const [, signBucket] = /^\/storage\/v1\/object\/sign\/([^/]+)$/.exec(path) ?? [];
    if (signBucket !== undefined) return storage.sign(signBucket, JSON.parse(body.toString()));
    const [, bucket = '', file] = /^\/storage\/v1\/object\/([^/]+)\/(.+)$/.exec(path) ?? [];
    if (file !== undefined && method === 'POST') {
      const upsert = header('x-upsert') === 'true';
      return storage.upload(client, {
        bucket,
        path: file,
        contentType: header('content-type'),
        bytes: body,
        upsert,
      });
    }
    return { status: 404, body: { message: 'Route not found' } };
  };

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://double');
    const target = `${request.method ?? ''} ${url.pathname}`;
    requests.push(target);
    const found = faults.findLast(({ part, left }) => left > 0 && target.includes(part));
    if (found) {
      found.left--;
      const { reply } = found.fault;
      if (!reply) {
        request.socket.destroy();
        return;
      }
      request.resume();
      send(response, reply);
      return;
    }
    buffer(request)
      .then((body) => answer(request, url, body))
      .then((reply) => send(response, reply))
      .catch((error: unknown) => send(response, { status: 500, body: { message: String(error) } }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url: origin,
    serviceRoleKey,
    anonKey,
    requests,
    objects: storage.objects,
    fail: (part, fault) => void faults.push({ part, fault, left: fault.times ?? Infinity }),
    mend: () => {
      faults = [];
    },
    query: async (text) => void (await pool.query(text)),
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await pool.end();
    },
  };
}

interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  header(name: string): string;
  body: Buffer;
}

function send(response: ServerResponse, { status, body, headers }: Reply): void {
  const bytes =
    body === undefined
      ? undefined
      : Buffer.isBuffer(body)
        ? body
        : typeof body === 'string'
          ? body
          : JSON.stringify(body);
  const type = typeof body === 'string' ? 'text/plain' : 'application/json';
  response.writeHead(status, {
    'Content-Type': type,
    'Tus-Resumable': '1.0.0',
    ...headers,
    ...(bytes === undefined ? {} : { 'Content-Length': Buffer.byteLength(bytes) }),
  });
  response.end(bytes);
}
