import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { PermanentError, RetryAfterError, TransientError } from '@mediaworks/contracts';
import { type Body, type ObjectHead, type ObjectStore, StorageError } from '@mediaworks/storage';
import type { StoredAt } from '../naming/storage-path.ts';
import { giveBack } from './blocks.ts';
import { type Buckets, type ObjectFacts, type OpenedObject } from './buckets.ts';
import { checksumOf } from './checksum.ts';
import type { Courtesy, Places } from './courtesy.ts';
import { storedBytes } from './stored-bytes.ts';

/** What a file is fetched with. */
export interface FetchTools {
  buckets: Buckets;
  courtesy: Courtesy;
  /** Waits for a place among the files of this user and of everybody. @returns a function that gives it back */
  enter: Courtesy['enter'];
  /** For files whose bytes are on their way, from the network or to the disk: they are in memory meanwhile. */
  inMemory: Places;
  store: ObjectStore;
  signal: AbortSignal;
  /** Tries of one file. */
  tries: number;
  /** Before the second try, in ms; doubled with each further one. */
  pauseMs: number;
  maxBytes: number;
}

/** A file that lies in the store, and which version of it that is. */
export interface Fetched {
  facts: ObjectFacts;
  head: Pick<ObjectHead, 'size' | 'sha256' | 'contentType'>;
}

/** Longer than this no place is kept for a file: the job comes back later. */
const LONGEST_WAIT_MS = 60_000;

/**
 * Brings a file into the store, whole and verified or not at all.
 * @throws PermanentError for a file that is not to be had; TransientError for one that was not to be had by any try;
 * RetryAfterError where Storage asks for a long pause; StorageError of our own store; the signal's reason
 */
export function fetchFile(at: StoredAt, key: string, tools: FetchTools): Promise<Fetched> {
  return persistently(at, tools, (leave) => bringIn(at, key, tools, leave));
}

async function bringIn(
  at: StoredAt,
  key: string,
  tools: FetchTools,
  onReceived: () => void,
): Promise<Fetched> {
  const opened = await tools.buckets.open(at, tools.signal);
  const { facts } = opened;
  let forget: (() => void) | undefined;
  try {
    if (facts.size > tools.maxBytes) throw tooLarge();
    forget = await tools.inMemory.take(tools.signal);
    // Of what is unpacked on its way it may be another number: that gives its place back when it is in place.
    let left = facts.gzip ? Infinity : facts.size;
    const head = await tools.store.put(key, bodyOf(at, opened, tools, onReceived), {
      ...contentTypeOf(facts),
      maxBytes: tools.maxBytes,
      signal: tools.signal,
      onWritten: (chunk) => {
        giveBack(chunk);
        left -= chunk.length;
        if (left === 0) forget?.();
      },
    });
    return { facts, head };
  } catch (error) {
    if (error instanceof StorageError && error.code === 'too_large') throw tooLarge();
    throw error;
  } finally {
    // What was not read to its end would keep its connection.
    opened.body.stop();
    forget?.();
  }
}

/** What Storage tells of a file. @throws as `fetchFile` */
export function askFacts(at: StoredAt, tools: FetchTools): Promise<ObjectFacts> {
  return persistently(at, tools, () => tools.buckets.facts(at, tools.signal));
}

/** Whether the object at the key has the very bytes that Storage tells of; it lies there from a try that was cut short. */
export async function isSameObject(key: string, facts: ObjectFacts, tools: FetchTools): Promise<boolean> {
  const checksum = checksumOf(facts);
  for await (const chunk of await tools.store.get(key, { signal: tools.signal }))
    checksum.update(chunk as Buffer);
  try {
    checksum.check();
    return true;
  } catch {
    return false;
  }
}

function bodyOf(at: StoredAt, opened: OpenedObject, tools: FetchTools, onReceived: () => void): Body {
  const bytes = storedBytes(at, opened, tools, tools.signal, onReceived);
  if (!opened.facts.gzip) return bytes;
  const stored = Readable.from(bytes, { objectMode: false });
  const unpacked = createGunzip();
  stored.once('error', (error) => unpacked.destroy(error));
  unpacked.once('close', () => stored.destroy());
  return stored.pipe(unpacked);
}

/** Storage keeps whatever it was told; our store does not. */
function contentTypeOf({ contentType }: ObjectFacts): { contentType?: string } {
  return /^[ -+\--~]{1,80}$/.test(contentType) ? { contentType } : {};
}

/**
 * One request after the other until one succeeds, with a growing pause in between, or as long a one as was asked for.
 * @param work may give its place to the next before it has ended, once it asks nothing more of Storage
 */
async function persistently<T>(
  at: StoredAt,
  tools: FetchTools,
  work: (leave: () => void) => Promise<T>,
): Promise<T> {
  const { signal, tries, pauseMs, courtesy } = tools;
  for (let tried = 1; ; tried++) {
    const leave = await tools.enter(at.bucket, signal);
    try {
      return await work(leave);
    } catch (error) {
      signal.throwIfAborted();
      const asked = error instanceof RetryAfterError ? error.delayMs : undefined;
      if (asked === undefined && !(error instanceof TransientError)) throw unpackable(error);
      const restMs = asked ?? pauseMs * 2 ** (tried - 1) * (0.5 + Math.random());
      const busy = asked !== undefined || (error as TransientError).code === 'storage_busy';
      if (busy) courtesy.pause(at.bucket, Math.min(restMs, LONGEST_WAIT_MS));
      if (asked !== undefined && asked > LONGEST_WAIT_MS) throw error;
      if (tried >= tries) throw error;
      leave();
      await wait(Math.min(restMs, LONGEST_WAIT_MS), undefined, { signal }).catch(() =>
        signal.throwIfAborted(),
      );
    } finally {
      leave();
    }
  }
}

/** What claims to be compressed and is not will be no other the next time. */
function unpackable(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!code.startsWith('Z_')) return error;
  return new PermanentError('corrupt_gzip', 'The file is stored as compressed, and is not', { cause: error });
}

function tooLarge(): PermanentError {
  return new PermanentError('too_large', 'The file is larger than may be fetched');
}
