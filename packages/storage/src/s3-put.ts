import { createHash, randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import { DeleteObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { hashOf } from './local-write.ts';
import { checkKey } from './object-key.ts';
import { type ObjectHead, type ObjectStore, type PutOptions, StorageError } from './object-store.ts';
import { checkContentType, checkHash, checkSize, DEFAULT_CONTENT_TYPE } from './put-checks.ts';
import { discard } from './read-body.ts';
import type { Bucket } from './s3-bucket.ts';
import { onS3 } from './s3-errors.ts';
import { sweepLeftovers } from './s3-leftovers.ts';
import { meter, type MeteredBody, PART_BYTES, uploadInParts } from './s3-upload.ts';

/** The ways in: which one a body takes, and why, is told at `createS3Store`. */
export function createPuts(place: Bucket): Pick<ObjectStore, 'put' | 'putFile'> {
  const { client, bucket, at, copyAs, temporary } = place;

  const putBytes = async (
    key: string,
    body: Uint8Array,
    settings: PutOptions,
    sha256 = createHash('sha256').update(body).digest('hex'),
  ): Promise<ObjectHead> => {
    checkSize(body.length, settings);
    checkHash(sha256, settings.expectedSha256);
    const command = new PutObjectCommand({ ...detailsOf(sha256, settings), ...at(key), Body: body });
    await onS3(
      client.send(command, settings.signal ? { abortSignal: settings.signal } : {}),
      settings.signal,
    );
    return newHead(key, body.length, sha256, settings);
  };

  /** A body whose hash is promised; the promise is checked before the object appears. */
  const putPromised = async (
    key: string,
    body: MeteredBody,
    chunks: AsyncIterable<Uint8Array>,
    settings: PutOptions & { expectedSha256: string; mostBytes?: number },
  ): Promise<ObjectHead> => {
    const params = { ...detailsOf(settings.expectedSha256, settings), ...at(key) };
    await uploadInParts(client, params, chunks, { mostBytes: settings.maxBytes, ...settings });
    return newHead(key, body.size(), body.sha256(), settings);
  };

  const putUnknown = async (
    key: string,
    body: MeteredBody,
    chunks: AsyncIterable<Uint8Array>,
    settings: PutOptions,
  ): Promise<ObjectHead> => {
    sweep();
    const name = `${temporary}${randomUUID()}`;
    const temp = at(name);
    try {
      await uploadInParts(client, temp, chunks, { mostBytes: settings.maxBytes, signal: settings.signal });
      const head = newHead(key, body.size(), body.sha256(), settings);
      const arrived = await onS3(client.send(new HeadObjectCommand(temp)));
      if (arrived.ContentLength !== head.size) {
        throw new StorageError('unavailable', 'The object store did not keep all bytes');
      }
      await copyAs(name, key, head, settings.signal);
      return head;
    } finally {
      // The object counts already, or the reason that it does not; what is left here is swept later.
      await client.send(new DeleteObjectCommand(temp)).catch(() => undefined);
    }
  };

  let swept = false;
  /** Once a process, beside the work; it may lack the permission or the server the request, and then it is as before. */
  const sweep = () => {
    if (swept) return;
    swept = true;
    void sweepLeftovers(client, bucket, at(temporary).Key).catch(() => undefined);
  };

  return {
    put: async (key, body, settings = {}) => {
      try {
        checkKey(key);
        checkContentType(settings);
        settings.signal?.throwIfAborted();
        if (body instanceof Uint8Array) return await putBytes(key, body, settings);
        const metered = meter(body, settings);
        const { taken, size, ended } = await takeStart(metered.chunks, PART_BYTES);
        if (ended) return await putBytes(key, Buffer.concat(taken, size), settings, metered.sha256());
        const chunks = replay(taken, metered.chunks);
        const { expectedSha256 } = settings;
        if (expectedSha256 === undefined) return await putUnknown(key, metered, chunks, settings);
        const promised = { ...settings, expectedSha256: expectedSha256.toLowerCase() };
        return await putPromised(key, metered, chunks, promised);
      } catch (error) {
        discard(body);
        throw error;
      }
    },

    putFile: async (key, path, settings = {}) => {
      checkKey(key);
      checkContentType(settings);
      settings.signal?.throwIfAborted();
      const file = await open(path, 'r');
      try {
        const { size } = await file.stat();
        checkSize(size, settings);
        if (size <= PART_BYTES) return await putBytes(key, await file.readFile(), settings);
        const sha256 = await hashOf(file, settings.signal);
        checkHash(sha256, settings.expectedSha256);
        const promised = { ...settings, expectedSha256: sha256, mostBytes: size };
        const body = meter(
          file.createReadStream({ start: 0, autoClose: false, highWaterMark: 2 ** 18 }),
          promised,
        );
        return await putPromised(key, body, body.chunks, promised);
      } finally {
        await file.close();
      }
    },
  };
}

function detailsOf(sha256: string, { contentType = DEFAULT_CONTENT_TYPE }: PutOptions) {
  return { ContentType: contentType, Metadata: { sha256 } };
}

function newHead(key: string, size: number, sha256: string, settings: PutOptions): ObjectHead {
  return {
    key,
    size,
    sha256,
    contentType: settings.contentType ?? DEFAULT_CONTENT_TYPE,
    modifiedAt: new Date(),
  };
}

/** Chunks of at most about `bytes` together, or fewer when that is all. */
async function takeStart(chunks: AsyncGenerator<Uint8Array>, bytes: number) {
  const taken: Uint8Array[] = [];
  let size = 0;
  while (size <= bytes) {
    const next = await chunks.next();
    if (next.done) return { taken, size, ended: true };
    taken.push(next.value);
    size += next.value.length;
  }
  return { taken, size, ended: false };
}

async function* replay(taken: Uint8Array[], rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    // Let go of one by one, so as not to hold them until the end.
    for (let chunk = taken.shift(); chunk; chunk = taken.shift()) yield chunk;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}
