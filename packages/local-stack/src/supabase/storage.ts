import { createHash, randomUUID } from 'node:crypto';
import type pg from 'pg';
import { type Reply, storageError } from './reply.ts';

interface StoredObject {
  bytes: Buffer;
  contentType: string;
}

interface Bucket {
  id: string;
  public: boolean;
  file_size_limit: number | null;
}

/** A piece of an upload by tus. */
interface Upload {
  bucket: string;
  path: string;
  contentType: string;
  length: number;
  bytes: Buffer;
}

/** What Supabase Storage does, as far as the keeper goes: buckets in Postgres, as there, and the bytes in memory. */
export function createStorage(origin: () => string) {
  const objects = new Map<string, StoredObject>();
  const uploads = new Map<string, Upload>();
  const keyOf = (bucket: string, path: string) => `${bucket}/${path}`;
  const secret = randomUUID();
  const tokenOf = (key: string, expires: number) =>
    `${expires}.${createHash('sha256').update(`${secret}${key}${expires}`).digest('hex')}`;

  const findBucket = async (client: pg.ClientBase, id: string): Promise<Bucket | undefined> => {
    const { rows } = await client.query<Bucket>(
      'select id, public, file_size_limit::float8 from storage.buckets where id = $1',
      [id],
    );
    return rows[0];
  };

  /** Storage's own check: an object row, which row level security lets in or not. */
  const refuse = async (
    client: pg.ClientBase,
    bucketId: string,
    path: string,
    size: number,
    upsert: boolean,
  ): Promise<Reply | undefined> => {
    const bucket = await findBucket(client, bucketId);
    if (!bucket) return storageError(404, 'Bucket not found');
    if (bucket.file_size_limit !== null && size > bucket.file_size_limit) {
      return storageError(413, 'Payload too large', 'The object exceeded the maximum allowed size');
    }
    if (!upsert && objects.has(keyOf(bucketId, path))) {
      return storageError(409, 'Duplicate', 'The resource already exists');
    }
    try {
      await client.query(
        `insert into storage.objects (bucket_id, name) values ($1, $2) on conflict (bucket_id, name) do nothing`,
        [bucketId, path],
      );
      return undefined;
    } catch (error) {
      if ((error as { code?: string }).code !== '42501') throw error;
      return storageError(403, 'Unauthorized', 'new row violates row-level security policy');
    }
  };

  const put = (upload: Pick<Upload, 'bucket' | 'path' | 'contentType' | 'bytes'>) =>
    objects.set(keyOf(upload.bucket, upload.path), { bytes: upload.bytes, contentType: upload.contentType });

  const serve = (key: string): Reply => {
    const object = objects.get(key);
    if (!object) return storageError(404, 'not_found', 'Object not found');
    return { status: 200, body: object.bytes, headers: { 'Content-Type': object.contentType } };
  };

  return {
    objects,
    /** How many uploads by tus have begun. */
    resumable: () => uploads.size,
    bucket: async (client: pg.ClientBase, method: string, id: string, body: unknown): Promise<Reply> => {
      if (method === 'GET') {
        const bucket = await findBucket(client, id);
        return bucket
          ? { status: 200, body: { ...bucket, name: bucket.id } }
          : storageError(404, 'Bucket not found');
      }
      const wanted = body as { id: string; public?: boolean };
      try {
        await client.query('insert into storage.buckets (id, name, public) values ($1, $1, $2)', [
          wanted.id,
          wanted.public ?? false,
        ]);
      } catch (error) {
        if ((error as { code?: string }).code !== '42501') throw error;
        return storageError(403, 'Unauthorized', 'new row violates row-level security policy');
      }
      return { status: 200, body: { name: wanted.id } };
    },
    upload: async (
      client: pg.ClientBase,
      given: { bucket: string; path: string; contentType: string; bytes: Buffer; upsert: boolean },
    ): Promise<Reply> => {
      const { bucket, path, bytes, upsert } = given;
      const refusal = await refuse(client, bucket, path, bytes.length, upsert);
      if (refusal) return refusal;
      put(given);
      return { status: 200, body: { Id: randomUUID(), Key: keyOf(bucket, path) } };
    },
    info: (bucket: string, path: string): Reply => {
      const object = objects.get(keyOf(bucket, path));
      if (!object) return storageError(404, 'not_found', 'Object not found');
      return {
        status: 200,
        body: {
          id: randomUUID(),
          name: path,
          bucket_id: bucket,
          size: object.bytes.length,
          content_type: object.contentType,
        },
      };
    },
    sign: (bucket: string, given: unknown): Reply => {
      const { expiresIn, paths } = given as { expiresIn: number; paths: string[] };
      const expires = Math.ceil(Date.now() / 1_000) + expiresIn;
      const signed = paths.map((path) => {
        const key = keyOf(bucket, path);
        if (!objects.has(key)) {
          return {
            path,
            error: 'Either the object does not exist or you do not have access to it',
            signedURL: null,
          };
        }
        return { path, error: null, signedURL: `/object/sign/${key}?token=${tokenOf(key, expires)}` };
      });
      return { status: 200, body: signed };
    },
    openSigned: (key: string, token: string): Reply => {
      const expires = Number(token.split('.')[0]);
      const good = token === tokenOf(key, expires) && expires * 1_000 > Date.now();
      return good ? serve(key) : storageError(400, 'InvalidJWT', 'jwt expired');
    },
    openPublic: async (client: pg.ClientBase, key: string): Promise<Reply> => {
      const bucket = await findBucket(client, key.split('/')[0] ?? '');
      return bucket?.public === true ? serve(key) : storageError(404, 'Bucket not found');
    },
    createTus: async (client: pg.ClientBase, header: (name: string) => string): Promise<Reply> => {
      const metadata = new Map(
        header('upload-metadata')
          .split(',')
          .map((pair): [string, string] => {
            const [key = '', value = ''] = pair.trim().split(' ');
            return [key, Buffer.from(value, 'base64').toString()];
          }),
      );
      const bucket = metadata.get('bucketName') ?? '';
      const path = metadata.get('objectName') ?? '';
      const length = Number(header('upload-length'));
      const refusal = await refuse(client, bucket, path, length, header('x-upsert') === 'true');
      // By tus the true status is the answer's own.
      if (refusal) {
        const told = refusal.body as { statusCode: string; message: string };
        return { status: Number(told.statusCode), body: told.message };
      }
      const id = randomUUID();
      const contentType = metadata.get('contentType') ?? 'application/octet-stream';
      uploads.set(id, { bucket, path, contentType, length, bytes: Buffer.alloc(0) });
      return { status: 201, headers: { Location: `${origin()}/storage/v1/upload/resumable/${id}` } };
    },
    /** @param broken the connection broke in the middle: what came counts */
    tus: (method: string, id: string, offset: number, bytes: Buffer): Reply => {
      const upload = uploads.get(id);
      if (!upload) return { status: 404 };
      const headersOf = () => ({
        'Upload-Offset': String(upload.bytes.length),
        'Upload-Length': String(upload.length),
      });
      if (method === 'HEAD') return { status: 200, headers: headersOf() };
      if (method === 'DELETE') {
        uploads.delete(id);
        return { status: 204 };
      }
      if (offset !== upload.bytes.length) return { status: 409, headers: headersOf() };
      upload.bytes = Buffer.concat([upload.bytes, bytes]);
      if (upload.bytes.length === upload.length) put(upload);
      return { status: 204, headers: headersOf() };
    },
  };
}
