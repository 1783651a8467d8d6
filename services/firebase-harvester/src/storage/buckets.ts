import { PermanentError, RetryAfterError, TransientError } from '@mediaworks/contracts';
import { asFirebaseError } from '@mediaworks/firebase';
import { retryAfterMs } from '@mediaworks/runtime';
import { Pool } from 'undici';
import { z } from 'zod';
import type { StoredAt } from '../naming/storage-path.ts';
import { connectIntoBlocks } from './blocks.ts';
import { type Answer, type Incoming, request } from './incoming.ts';

/** What Storage tells of a file. */
export interface ObjectFacts {
  /** Another one for every version. */
  generation: string;
  /** Bytes as they are stored. */
  size: number;
  /** Base64; null for what was composed of parts. */
  md5: string | null;
  /** Base64, of four bytes. */
  crc32c: string | null;
  contentType: string;
  /** The stored bytes are compressed, and are not what the file's name says until they are unpacked. */
  gzip: boolean;
}

export interface OpenedObject {
  facts: ObjectFacts;
  /** Whoever does not read it to its end stops it. */
  body: Incoming;
}

/**
 * Reads buckets by Storage's JSON API, over connections that are kept. The client library does the same at several
 * times the CPU, and can't go on in the middle of a file; Node's own client copies every chunk.
 */
export interface Buckets {
  /** @throws PermanentError, TransientError, RetryAfterError, the signal's reason */
  facts(at: StoredAt, signal: AbortSignal): Promise<ObjectFacts>;
  /**
   * The stored bytes, from `start` of a certain version on where one is named.
   * @throws as `facts`; PermanentError `not_found` when that version is gone
   */
  open(
    at: StoredAt,
    signal: AbortSignal,
    part?: { generation: string; start: number },
  ): Promise<OpenedObject>;
}

export interface BucketsOptions {
  /** `host:port` of an emulator, which takes any token. */
  emulatorHost: string | undefined;
  accessToken: () => Promise<string>;
  /** Connections for files at a time; as many more are for what Storage is asked of them. */
  connections: number;
  /** How long the server may say nothing, in ms. */
  silenceMs: number;
}

type Headers = Answer['headers'];

const GOOGLE = 'https://storage.googleapis.com';
const MAX_ANSWER_BYTES = 2 ** 20;
/** What all connections together read into at a time, and the least and the most of one of them. */
const ROOM_BYTES = 2 ** 22;
const [LEAST_BLOCK, MOST_BLOCK] = [2 ** 17, 2 ** 19];

const resource = z.object({
  generation: z.string(),
  size: z.coerce.number().int().nonnegative(),
  md5Hash: z.string().optional(),
  crc32c: z.string().optional(),
  contentType: z.string().optional(),
  contentEncoding: z.string().optional(),
});

export function openBuckets(options: BucketsOptions): Buckets {
  const { emulatorHost, silenceMs } = options;
  const base = new URL(emulatorHost === undefined ? GOOGLE : `http://${emulatorHost}`);
  const { connections } = options;
  const limits = { connections, headersTimeout: silenceMs, bodyTimeout: silenceMs };
  const files = new Pool(base.origin, { ...limits, connect: connectIntoBlocks(blockBytes(connections)) });
  // Of their own: what a file is may have to be asked while files that nobody reads yet hold every connection.
  const questions = new Pool(base.origin, limits);
  const tokenOf = async (): Promise<string> => {
    if (emulatorHost !== undefined) return 'owner';
    return options.accessToken().catch((error: unknown) => {
      throw asFirebaseError(error);
    });
  };

  const ask = async (
    pool: Pool,
    at: StoredAt,
    query: string,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Answer> => {
    const authorization = `Bearer ${await tokenOf()}`;
    signal.throwIfAborted();
    // As it is: a URL would resolve the dots that a name may hold.
    const path = `/storage/v1/b/${encodeURIComponent(at.bucket)}/o/${encodeURIComponent(at.name)}?${query}`;
    try {
      const answer = await request(pool, path, { authorization, ...headers }, signal);
      if (answer.status === 200 || answer.status === 206) return answer;
      // A refusal is short: read, it leaves the connection for the next.
      textOf(answer.body).catch(() => undefined);
      throw refusal(answer.status, lastOf(answer.headers, 'retry-after'));
    } catch (error) {
      signal.throwIfAborted();
      throw asStorageFailure(error);
    }
  };

  const facts = async (at: StoredAt, signal: AbortSignal): Promise<ObjectFacts> => {
    const answer = await ask(questions, at, `fields=${Object.keys(resource.shape).join(',')}`, {}, signal);
    try {
      const told = resource.parse(JSON.parse(await textOf(answer.body)));
      return {
        generation: told.generation,
        size: told.size,
        md5: told.md5Hash ?? null,
        crc32c: told.crc32c ?? null,
        contentType: told.contentType ?? '',
        gzip: told.contentEncoding === 'gzip',
      };
    } catch (error) {
      signal.throwIfAborted();
      throw asStorageFailure(error);
    }
  };

  return {
    facts,
    open: async (at, signal, part) => {
      const query = `alt=media${part ? `&generation=${encodeURIComponent(part.generation)}` : ''}`;
      const later = part !== undefined && part.start > 0;
      const range = later ? { range: `bytes=${part.start}-` } : {};
      // As they are stored: unpacked on the way they would be others than the checksums are of.
      const asked = { 'accept-encoding': 'gzip', ...range };
      const { status, headers, body } = await ask(files, at, query, asked, signal);
      try {
        const told = factsIn(headers) ?? (await facts(at, signal));
        if (part && (status !== (later ? 206 : 200) || told.generation !== part.generation)) {
          throw new TransientError('changed', 'The file changed while it was fetched');
        }
        return { facts: told, body };
      } catch (error) {
        body.stop();
        throw error;
      }
    },
  };
}

function blockBytes(connections: number): number {
  return Math.min(MOST_BLOCK, Math.max(LEAST_BLOCK, ROOM_BYTES / connections));
}

function lastOf(headers: Headers, name: string): string | undefined {
  const told = headers[name];
  return Array.isArray(told) ? told.at(-1) : told;
}

/** What the headers of a download tell; undefined when it is not enough. */
function factsIn(headers: Headers): ObjectFacts | undefined {
  const one = (name: string) => lastOf(headers, name);
  const hashes = one('x-goog-hash') ?? '';
  const generation = one('x-goog-generation');
  const range = /\/(\d+)$/.exec(one('content-range') ?? '')?.[1];
  const size = one('x-goog-stored-content-length') ?? range ?? one('content-length');
  const md5 = /(?:^|[,\s])md5=([A-Za-z0-9+/=]+)/.exec(hashes)?.[1] ?? null;
  const crc32c = /(?:^|[,\s])crc32c=([A-Za-z0-9+/=]+)/.exec(hashes)?.[1] ?? null;
  if (generation === undefined || size === undefined || (md5 === null && crc32c === null)) return undefined;
  const encoding = one('x-goog-stored-content-encoding') ?? one('content-encoding');
  return {
    ...{ generation, size: Number(size), md5, crc32c },
    contentType: one('content-type') ?? '',
    gzip: encoding === 'gzip',
  };
}

/** @throws Error for more than it may be; what the transfer broke off with */
async function textOf(body: Incoming): Promise<string> {
  const parts: Buffer[] = [];
  for (let size = 0; ;) {
    const chunks = await body.next();
    if (!chunks) return Buffer.concat(parts).toString();
    for (const chunk of chunks) size += chunk.length;
    if (size > MAX_ANSWER_BYTES) {
      body.stop();
      throw new Error('Storage tells more of a file than it can know');
    }
    parts.push(...chunks);
  }
}

/** Permanent and passing errors told apart. */
function refusal(status: number, retryAfter: string | undefined): Error {
  if (status === 404 || status === 410) return new PermanentError('not_found', 'File not found in storage');
  if (status === 401 || status === 403) {
    return new PermanentError('permission_denied', 'Permission denied: the file may not be read');
  }
  const passes = status === 408 || status === 425 || status === 429 || status >= 500;
  if (!passes) return new PermanentError('storage_refused', `Storage refused the file (HTTP ${status})`);
  const message = `Storage has no time for us (HTTP ${status})`;
  const busy = status === 429 || status === 503;
  const delayMs = retryAfterMs(retryAfter);
  if (delayMs !== undefined) return new RetryAfterError(delayMs, 'storage_busy', message);
  return new TransientError(busy ? 'storage_busy' : 'storage_failed', message);
}

export function asStorageFailure(thrown: unknown): Error {
  if (
    thrown instanceof PermanentError ||
    thrown instanceof RetryAfterError ||
    thrown instanceof TransientError
  ) {
    return thrown;
  }
  return new TransientError('storage_unreachable', 'Storage can not be reached, or broke off', {
    cause: thrown,
  });
}
