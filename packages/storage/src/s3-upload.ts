import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { type PutObjectCommandInput, type S3Client, UploadPartCommand } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { asError } from '@mediaworks/runtime';
import type { Body, PutOptions } from './object-store.ts';
import { checkHash, checkSize } from './put-checks.ts';
import { chunksOf } from './read-body.ts';
import { asStorageError } from './s3-errors.ts';

/** S3's smallest part, in bytes. Larger ones would only cost memory: a handful is held for each upload. */
export const PART_BYTES = 5 * 2 ** 20;
const MAX_PARTS = 10_000;
const PARTS_AT_ONCE = 3;

/** A body on its way, counted and hashed. */
export interface MeteredBody {
  chunks: AsyncGenerator<Uint8Array>;
  /** Bytes so far. */
  size(): number;
  /** Hex; of everything, so only after the last chunk. */
  sha256(): string;
}

/** Throws in its chunks when the body is too long or, at its end, not the expected one. */
export function meter(body: Exclude<Body, Uint8Array>, settings: PutOptions): MeteredBody {
  const hash = createHash('sha256');
  let size = 0;
  let sha256 = '';
  async function* chunks() {
    for await (const chunk of chunksOf(body, settings.signal)) {
      size += chunk.length;
      checkSize(size, settings);
      hash.update(chunk);
      yield chunk;
    }
    sha256 = hash.digest('hex');
    checkHash(sha256, settings.expectedSha256);
  }
  return { chunks: chunks(), size: () => size, sha256: () => sha256 };
}

/**
 * Uploads chunks in parts. The object appears when the last chunk has been taken and nothing was wrong; otherwise
 * nothing appears, and the parts are discarded.
 * @param mostBytes how long it may become, where that is known
 * @throws what the chunks throw, the signal's reason, StorageError
 */
export async function uploadInParts(
  client: S3Client,
  params: PutObjectCommandInput,
  chunks: AsyncIterable<Uint8Array>,
  settings: { mostBytes?: number | undefined; signal?: AbortSignal | undefined },
): Promise<void> {
  const { mostBytes = 0, signal } = settings;
  let failure: { error: unknown } | undefined;
  async function* watched() {
    try {
      yield* chunks;
    } catch (error) {
      failure ??= { error };
      throw error;
    }
  }
  const body = Readable.from(watched());
  const upload = new Upload({
    client: watchedClient(client, signal, (error) => {
      failure ??= { error: asStorageError(error) };
      // Otherwise the rest of the body would still be read and sent, only to be thrown away.
      body.destroy(asError(error));
    }),
    params: { ...params, Body: body },
    partSize: Math.max(PART_BYTES, Math.ceil(mostBytes / MAX_PARTS)),
    queueSize: PARTS_AT_ONCE,
  });
  try {
    await upload.done();
  } catch (error) {
    signal?.throwIfAborted();
    // The first failure is the reason; the upload may tell the last one, such as that of discarding the parts.
    throw failure ? failure.error : asStorageError(error);
  } finally {
    body.destroy();
  }
}

/**
 * The client as `Upload` uses it. Its own way to abort leaves at once and lets requests go on, so a part may arrive
 * after the parts were discarded, and stays there for ever. This one ends the requests that carry parts, and `Upload`
 * waits for them. The others are short and are let through: an upload that was begun must be known to be discarded,
 * and whether a broken-off completion took place would be anybody's guess.
 */
function watchedClient(
  client: S3Client,
  signal: AbortSignal | undefined,
  onFailure: (error: unknown) => void,
): S3Client {
  const watched = Object.create(client) as S3Client;
  const send = async (command: Parameters<S3Client['send']>[0]) => {
    const stops = signal && command instanceof UploadPartCommand;
    try {
      return await client.send(command, stops ? { abortSignal: signal } : {});
    } catch (error) {
      onFailure(error);
      throw error;
    }
  };
  watched.send = send as S3Client['send'];
  return watched;
}
