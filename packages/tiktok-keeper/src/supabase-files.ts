import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { TransientError } from '@mediaworks/contracts';
import { asError } from '@mediaworks/runtime';
import { createClient } from '@supabase/supabase-js';
import * as tus from 'tus-js-client';
import { WebSocket } from 'ws';
import { bucketMissing, explainSupabase } from './supabase-errors.ts';

export interface SupabaseOptions {
  /** Of the project, such as `https://abc.supabase.co`. */
  url: string;
  serviceRoleKey: string;
  bucket: string;
  /** Whether a bucket that has to be made is public. */
  publicBucket: boolean;
}

/** Supabase's own advice: larger files by tus, in pieces of exactly this size. */
const TUS_ABOVE_BYTES = 6 * 2 ** 20;
const ANSWER_WITHIN_MS = 60_000;
const REMEMBER_BUCKET_MS = 60_000;
const RETRY_AFTER_MS = [0, 500, 2_000, 5_000];

/** The client takes no signal: one is made for each piece of work, which costs no connection. */
export function openClient(options: SupabaseOptions, signal?: AbortSignal) {
  return createClient(options.url, options.serviceRoleKey, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    // It is never used, but Node 20 has no WebSocket, and the client refuses to be made without one.
    realtime: { transport: WebSocket as never },
    global: {
      fetch: (input, init) => {
        const signals = [AbortSignal.timeout(ANSWER_WITHIN_MS), signal, init?.signal];
        return fetch(input, {
          ...init,
          signal: AbortSignal.any(signals.filter((one) => one !== undefined && one !== null)),
        });
      },
    },
  });
}

/** The bucket, looked at once a minute, and made where there is none and that is allowed. */
export function openBucket(options: SupabaseOptions) {
  const { bucket } = options;
  let known: { isPublic: boolean; at: number } | undefined;

  const isPublic = async (): Promise<boolean> => {
    if (known && Date.now() - known.at < REMEMBER_BUCKET_MS) return known.isPublic;
    const { storage } = openClient(options);
    const { data, error } = await storage.getBucket(bucket);
    if (data) {
      known = { isPublic: data.public, at: Date.now() };
      return data.public;
    }
    if (!/not found/i.test(error.message)) throw explainSupabase(error, bucket);
    const made = await storage.createBucket(bucket, { public: options.publicBucket });
    if (made.error && !/already exists/i.test(made.error.message)) throw bucketMissing(bucket, made.error);
    known = made.error ? undefined : { isPublic: options.publicBucket, at: Date.now() };
    return options.publicBucket;
  };

  return {
    isPublic,
    /** Puts a file, in place of what was there. @returns its size in bytes and its SHA-256 in hex */
    put: async (path: string, file: string, contentType: string, signal: AbortSignal) => {
      signal.throwIfAborted();
      await isPublic();
      const { size } = await stat(file);
      const checksum = await hashOf(file, signal);
      if (size > TUS_ABOVE_BYTES) await putByTus(options, path, file, { size, contentType, signal });
      else await putAtOnce(options, path, file, { contentType, signal });
      await expectSize(options, path, size, signal);
      return { size, checksum };
    },
  };
}

async function hashOf(file: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash, { signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw error;
  });
  return hash.digest('hex');
}

async function putAtOnce(
  options: SupabaseOptions,
  path: string,
  file: string,
  { contentType, signal }: { contentType: string; signal: AbortSignal },
): Promise<void> {
  const { error } = await openClient(options, signal)
    .storage.from(options.bucket)
    .upload(path, await readFile(file), { contentType, upsert: true });
  signal.throwIfAborted();
  if (error) throw explainSupabase(error, options.bucket);
}

/** Goes on where it broke off, as long as it breaks only now and then. */
function putByTus(
  options: SupabaseOptions,
  path: string,
  file: string,
  { size, contentType, signal }: { size: number; contentType: string; signal: AbortSignal },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = createReadStream(file);
    const upload = new tus.Upload(stream, {
      endpoint: `${options.url}/storage/v1/upload/resumable`,
      headers: {
        authorization: `Bearer ${options.serviceRoleKey}`,
        apikey: options.serviceRoleKey,
        'x-upsert': 'true',
      },
      metadata: { bucketName: options.bucket, objectName: path, contentType, cacheControl: '3600' },
      uploadSize: size,
      chunkSize: TUS_ABOVE_BYTES,
      retryDelays: RETRY_AFTER_MS,
      uploadDataDuringCreation: false,
      storeFingerprintForResuming: false,
      removeFingerprintOnSuccess: true,
      onError: (error) => end(() => reject(explainSupabase(error, options.bucket))),
      onSuccess: () => end(resolve),
    });
    const abort = () => {
      void upload.abort(true).catch(() => undefined);
      end(() => reject(asError(signal.reason)));
    };
    const end = (settle: () => void) => {
      signal.removeEventListener('abort', abort);
      stream.destroy();
      settle();
    };
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    else upload.start();
  });
}

/** An upload that says it is done is believed when all of it is there. */
async function expectSize(options: SupabaseOptions, path: string, size: number, signal: AbortSignal) {
  const { data, error } = await openClient(options, signal).storage.from(options.bucket).info(path);
  signal.throwIfAborted();
  if (error) throw explainSupabase(error, options.bucket);
  if (data.size !== size) {
    throw new TransientError('upload_incomplete', 'Supabase has not got the whole file');
  }
}
