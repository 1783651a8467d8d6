import { createHash, randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { attachmentNamed } from './attachment.ts';
import { checkRange } from './byte-range.ts';
import { checkKey, isKey, mayStartKeys } from './object-key.ts';
import { type ObjectHead, type ObjectStore, StorageError } from './object-store.ts';
import { DEFAULT_CONTENT_TYPE, notFound } from './put-checks.ts';
import { openBucket, type S3StoreOptions } from './s3-bucket.ts';
import { bytesOf, saveTo } from './s3-download.ts';
import { onS3 } from './s3-errors.ts';
import { createPuts } from './s3-put.ts';
import { checkLifetime } from './signed-url.ts';

/**
 * Objects in S3, or in what speaks like it. The SHA-256 is kept in the object's metadata, which S3 wants to have before
 * the bytes, when a stream's hash is not known yet. So:
 *
 * - A buffer, and a stream of up to 5 MiB, is hashed in memory and put in one request.
 * - A file is hashed first, and again while it is sent in parts; so is a stream whose hash the caller promises. If the
 *   two differ, the parts are discarded.
 * - Any other stream goes, in parts, to a key of its own that no list shows, and S3 copies it to its place, with its
 *   metadata, once every byte is there and checked. The copy costs a request but no traffic. The other ways are worse:
 *   a temporary file needs a disk as large as the uploads and doubles their time, metadata in an object beside it can
 *   be lost or mixed up, and adding it afterwards shows the object without, and may hit somebody else's bytes.
 *
 * Either way the object appears under its key in one step. A killed process may leave parts: those of our own keys are
 * swept after a day, and the bucket should have a rule that ends incomplete uploads (AbortIncompleteMultipartUpload).
 * The `modifiedAt` that a put returns is by the clock of this process.
 */
export function createS3Store(options: S3StoreOptions): ObjectStore {
  const ours = openBucket(options);
  const { client, bucket, prefix, at, copyAs } = ours;
  const place = (key: string) => at(checkKey(key));

  const getObject = (key: string, range?: string, signal?: AbortSignal) => {
    const command = new GetObjectCommand({ ...place(key), ...(range === undefined ? {} : { Range: range }) });
    return onS3(client.send(command, signal ? { abortSignal: signal } : {}), signal);
  };

  const findHead = async (
    key: string,
  ): Promise<(ObjectHead & { etag: string | undefined; bare: boolean }) | undefined> => {
    const found = await onS3(client.send(new HeadObjectCommand(place(key)))).catch((error: unknown) => {
      if (error instanceof StorageError && error.code === 'not_found') return undefined;
      throw error;
    });
    if (!found) return undefined;
    const told = toldHash(found);
    const sha256 = told ?? (await hashOfStream(bytesOf(await getObject(key))));
    return { ...headFrom(key, found, sha256), etag: found.ETag, bare: told === undefined };
  };

  const headOf = async (key: string): Promise<ObjectHead | undefined> => {
    const found = await findHead(key);
    if (!found) return undefined;
    const { etag: _etag, bare: _bare, ...head } = found;
    return head;
  };

  let written = false;
  return {
    ...createPuts(ours),

    get: async (key, { range, signal } = {}) => {
      signal?.throwIfAborted();
      const { start = 0, end = 0 } = range ? checkRange(range) : {};
      // `bytes=5-` where the end is past all numbers that servers read.
      const last = Number.isSafeInteger(end) ? String(end) : '';
      const answer = await getObject(key, range ? `bytes=${start}-${last}` : undefined, signal);
      return bytesOf(answer, range, signal);
    },

    withFile: async (key, scratch, use, { signal } = {}) => {
      signal?.throwIfAborted();
      const copy = scratch();
      // One request, so that the bytes and the hash that they are checked by are of one object.
      const answer = await getObject(key, undefined, signal);
      await saveTo(copy, bytesOf(answer, undefined, signal), toldHash(answer), signal);
      return use(copy).finally(() => rm(copy, { force: true }));
    },

    head: headOf,

    list: async function* (start) {
      if (!mayStartKeys(start)) return;
      for (let token: string | undefined; ;) {
        const page = await onS3(
          client.send(
            new ListObjectsV2Command({
              Bucket: bucket,
              Prefix: `${prefix}${start}`,
              ...(token === undefined ? {} : { ContinuationToken: token }),
            }),
          ),
        );
        for (const { Key = '', Size = 0 } of page.Contents ?? []) {
          const key = Key.slice(prefix.length);
          // Ours, and what other programs call a folder, are no objects.
          if (isKey(key)) yield { key, size: Size };
        }
        token = page.NextContinuationToken;
        if (token === undefined) return;
      }
    },

    copy: async (from, to) => {
      checkKey(to);
      const head = await findHead(from);
      if (!head) throw notFound();
      // S3 refuses to copy an object to itself.
      if (from !== to || head.bare) await copyAs(from, to, head);
      const { sha256, contentType, size } = head;
      return { key: to, size, sha256, contentType, modifiedAt: new Date() };
    },

    remove: async (key) => {
      await onS3(client.send(new DeleteObjectCommand(place(key))));
    },

    signedUrl: async (key, settings) => {
      const expiresIn = checkLifetime(settings);
      const { filename } = settings;
      const command = new GetObjectCommand({
        ...place(key),
        ...(filename === undefined || filename === ''
          ? {}
          : { ResponseContentDisposition: attachmentNamed(filename) }),
      });
      return onS3(getSignedUrl(ours.signingClient, command, { expiresIn }));
    },

    check: async () => {
      try {
        await client.send(new HeadBucketCommand({ Bucket: bucket }));
        if (written) return;
        // Once: permissions seldom change, and every request is paid for.
        const probe = at(`${ours.temporary}check-${randomUUID()}`);
        await client.send(new PutObjectCommand({ ...probe, Body: Buffer.from('check') }));
        await client.send(new DeleteObjectCommand(probe));
        written = true;
      } catch (error) {
        // Also when the bucket is what was not found.
        throw new StorageError('unavailable', 'The object store can not be used', { cause: error });
      }
    },
  };
}

/** What others put there has no hash, or something else under its name. */
function toldHash({ Metadata }: Pick<HeadObjectCommandOutput, 'Metadata'>): string | undefined {
  const told = Metadata?.['sha256'];
  return told !== undefined && /^[0-9a-f]{64}$/.test(told) ? told : undefined;
}

function headFrom(
  key: string,
  answer: Pick<HeadObjectCommandOutput, 'ContentLength' | 'ContentType' | 'LastModified'>,
  sha256: string,
): ObjectHead {
  return {
    key,
    size: answer.ContentLength ?? 0,
    sha256,
    contentType: answer.ContentType ?? DEFAULT_CONTENT_TYPE,
    modifiedAt: answer.LastModified ?? new Date(0),
  };
}

async function hashOfStream(body: Readable): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of body) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
