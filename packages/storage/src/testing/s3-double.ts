import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { compareKeys } from '../object-key.ts';
import { checkSignature, type Credentials } from './s3-signature.ts';

/** Bytes on the disk that nobody changes any more. */
interface Part {
  path: string;
  size: number;
}
interface StoredObject {
  parts: Part[];
  size: number;
  etag: string;
  headers: Record<string, string>;
  modifiedAt: Date;
}
interface PendingUpload {
  key: string;
  headers: Record<string, string>;
  parts: Map<number, Part & { etag: string }>;
  initiatedAt: Date;
}

/** An answer that says no. */
export class S3Failure extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(code);
  }
}

const MIN_PART_BYTES = 5 * 2 ** 20;
const KEPT_HEADER = /^(content-type|x-amz-meta-.*)$/;

/**
 * What S3 promises and s3rver does not keep: objects that appear whole, checked signatures and checksums, parts of other
 * objects, uploads that can be ended and listed. One bucket, path style, bodies on the disk.
 */
export async function startS3Double(bucket: string, credentials: Credentials) {
  const folder = await mkdtemp(join(tmpdir(), 's3-double-'));
  const objects = new Map<string, StoredObject>();
  const uploads = new Map<string, PendingUpload>();
  const requests: string[] = [];
  const double = {
    url: '',
    /** Unix ms; by which addresses expire. */
    now: undefined as number | undefined,
    objects,
    uploads,
    /** `PUT UploadPart` and so on, in the order they came. */
    requests,
    /** Called before a request is answered; what it throws is the answer. */
    onRequest: (_operation: string, _headers: IncomingHttpHeaders): void => undefined,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      await rm(folder, { recursive: true });
    },
  };

  const receive = async (req: IncomingMessage): Promise<Part & { etag: string }> => {
    const path = join(folder, randomUUID());
    const sha256 = createHash('sha256');
    const md5 = createHash('md5');
    let size = 0;
    await pipeline(
      req,
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          sha256.update(chunk);
          md5.update(chunk);
          size += chunk.length;
          yield chunk;
        }
      },
      createWriteStream(path),
    );
    const told = req.headers['x-amz-content-sha256'];
    if (told !== sha256.digest('hex')) throw new S3Failure(400, 'XAmzContentSHA256Mismatch');
    return { path, size, etag: `"${md5.digest('hex')}"` };
  };

  const publish = (key: string, parts: Part[], etag: string, headers: Record<string, string>) => {
    const size = parts.reduce((sum, part) => sum + part.size, 0);
    objects.set(key, { parts, size, etag, headers, modifiedAt: new Date() });
  };

  const find = (key: string): StoredObject => {
    const object = objects.get(key);
    if (!object) throw new S3Failure(404, 'NoSuchKey');
    return object;
  };

  const sourceOf = (req: IncomingMessage): StoredObject => {
    const source = decodeURIComponent(String(req.headers['x-amz-copy-source']));
    if (!source.startsWith(`${bucket}/`)) throw new S3Failure(404, 'NoSuchBucket');
    const object = find(source.slice(bucket.length + 1));
    const wanted = req.headers['x-amz-copy-source-if-match'];
    if (wanted !== undefined && wanted !== object.etag) throw new S3Failure(412, 'PreconditionFailed');
    return object;
  };

  const send = async (req: IncomingMessage, res: ServerResponse, url: URL, object: StoredObject) => {
    const range = /^bytes=(\d+)-(\d*)$/.exec(req.headers.range ?? '');
    const start = range ? Number(range[1]) : 0;
    const end = range?.[2] ? Math.min(Number(range[2]), object.size - 1) : object.size - 1;
    if (range && start >= object.size) throw new S3Failure(416, 'InvalidRange');
    const disposition = url.searchParams.get('response-content-disposition');
    res.writeHead(range ? 206 : 200, {
      ...object.headers,
      'content-length': end - start + 1,
      etag: object.etag,
      'last-modified': object.modifiedAt.toUTCString(),
      ...(range ? { 'content-range': `bytes ${start}-${end}/${object.size}` } : {}),
      ...(disposition === null ? {} : { 'content-disposition': disposition }),
    });
    if (req.method === 'HEAD') return void res.end();
    await pipeline(readSlices(object.parts, start, end), res);
  };

  const list = (url: URL): string => {
    const prefix = url.searchParams.get('prefix') ?? '';
    const after = url.searchParams.get('continuation-token') ?? '';
    const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).sort(compareKeys);
    const page = keys.filter((key) => compareKeys(key, after) > 0).slice(0, 1_000);
    const last = page.at(-1);
    const more = last !== undefined && last !== keys.at(-1);
    const contents = page.map((key) => {
      const { size, modifiedAt } = find(key);
      return `<Contents><Key>${escaped(key)}</Key><Size>${size}</Size><LastModified>${modifiedAt.toISOString()}</LastModified></Contents>`;
    });
    const token = more ? `<NextContinuationToken>${escaped(last)}</NextContinuationToken>` : '';
    return `<ListBucketResult><IsTruncated>${more}</IsTruncated>${token}${contents.join('')}</ListBucketResult>`;
  };

  const listUploads = (url: URL): string => {
    const prefix = url.searchParams.get('prefix') ?? '';
    const found = [...uploads].filter(([, { key }]) => key.startsWith(prefix));
    const told = found.map(
      ([id, { key, initiatedAt }]) =>
        `<Upload><Key>${escaped(key)}</Key><UploadId>${id}</UploadId><Initiated>${initiatedAt.toISOString()}</Initiated></Upload>`,
    );
    return `<ListMultipartUploadsResult>${told.join('')}</ListMultipartUploadsResult>`;
  };

  const complete = async (req: IncomingMessage, id: string): Promise<string> => {
    const upload = uploadOf(id);
    const body = (await req.setEncoding('utf8').toArray()).join('');
    const numbers = [...body.matchAll(/<PartNumber>(\d+)</g)].map((match) => Number(match[1]));
    const parts = numbers.map((number) => {
      const part = upload.parts.get(number);
      if (!part) throw new S3Failure(400, 'InvalidPart');
      return part;
    });
    if (parts.slice(0, -1).some((part) => part.size < MIN_PART_BYTES))
      throw new S3Failure(400, 'EntityTooSmall');
    uploads.delete(id);
    publish(
      upload.key,
      parts,
      `"${createHash('md5').update(id).digest('hex')}-${parts.length}"`,
      upload.headers,
    );
    return `<CompleteMultipartUploadResult><ETag>${escaped(find(upload.key).etag)}</ETag></CompleteMultipartUploadResult>`;
  };

  const uploadOf = (id: string): PendingUpload => {
    const upload = uploads.get(id);
    if (!upload) throw new S3Failure(404, 'NoSuchUpload');
    return upload;
  };

  /** A part of another object, as a file of its own. */
  const cutOut = async (object: StoredObject, range: string): Promise<Part & { etag: string }> => {
    const [, start = '', end = ''] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
    if (!(Number(end) < object.size)) throw new S3Failure(416, 'InvalidRange');
    const path = join(folder, randomUUID());
    await pipeline(readSlices(object.parts, Number(start), Number(end)), createWriteStream(path));
    return { path, size: Number(end) - Number(start) + 1, etag: `"${randomUUID()}"` };
  };

  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<string | undefined> => {
    const refusal = checkSignature(req, credentials, double.now ?? Date.now());
    if (refusal !== undefined) throw new S3Failure(403, refusal);
    const url = new URL(req.url ?? '/', 'http://localhost');
    const [, name, ...rest] = url.pathname.split('/').map(decodeURIComponent);
    if (name !== bucket) throw new S3Failure(404, 'NoSuchBucket');
    const key = rest.join('/');
    const id = url.searchParams.get('uploadId') ?? '';
    const operation = operationOf(req, url, key);
    requests.push(operation);
    double.onRequest(operation, req.headers);
    switch (operation) {
      case 'HeadBucket':
        return '';
      case 'ListObjectsV2':
        return list(url);
      case 'ListMultipartUploads':
        return listUploads(url);
      case 'PutObject': {
        const part = await receive(req);
        publish(key, [part], part.etag, keptHeaders(req));
        res.setHeader('etag', part.etag);
        return '';
      }
      case 'CopyObject': {
        const source = sourceOf(req);
        const replaces = req.headers['x-amz-metadata-directive'] === 'REPLACE';
        publish(key, source.parts, source.etag, replaces ? keptHeaders(req) : source.headers);
        return `<CopyObjectResult><ETag>${escaped(source.etag)}</ETag></CopyObjectResult>`;
      }
      case 'CreateMultipartUpload': {
        const uploadId = randomUUID();
        uploads.set(uploadId, { key, headers: keptHeaders(req), parts: new Map(), initiatedAt: new Date() });
        return `<InitiateMultipartUploadResult><UploadId>${uploadId}</UploadId></InitiateMultipartUploadResult>`;
      }
      case 'UploadPart': {
        const part = await receive(req);
        uploadOf(id).parts.set(Number(url.searchParams.get('partNumber')), part);
        res.setHeader('etag', part.etag);
        return '';
      }
      case 'UploadPartCopy': {
        const part = await cutOut(sourceOf(req), String(req.headers['x-amz-copy-source-range']));
        uploadOf(id).parts.set(Number(url.searchParams.get('partNumber')), part);
        return `<CopyPartResult><ETag>${escaped(part.etag)}</ETag></CopyPartResult>`;
      }
      case 'CompleteMultipartUpload':
        return complete(req, id);
      case 'AbortMultipartUpload':
        uploadOf(id);
        uploads.delete(id);
        res.statusCode = 204;
        return '';
      case 'DeleteObject':
        objects.delete(key);
        res.statusCode = 204;
        return '';
      case 'GetObject':
        await send(req, res, url, find(key));
        return undefined;
    }
  };

  const server = createServer((req, res) => {
    answer(req, res).then(
      (body) => body !== undefined && res.end(body),
      (error: unknown) => {
        if (res.headersSent) return void res.destroy();
        const { status, code } = error instanceof S3Failure ? error : new S3Failure(500, 'InternalError');
        // What was not read would stand before the next request.
        req.resume();
        res.writeHead(status, { connection: 'close' });
        res.end(
          req.method === 'HEAD' ? undefined : `<Error><Code>${code}</Code><Message>${code}</Message></Error>`,
        );
      },
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  double.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return double;
}

function operationOf(req: IncomingMessage, url: URL, key: string) {
  const has = (name: string) => url.searchParams.has(name);
  const copies = req.headers['x-amz-copy-source'] !== undefined;
  switch (`${req.method} ${key === '' ? 'bucket' : 'object'}`) {
    case 'HEAD bucket':
      return 'HeadBucket';
    case 'GET bucket':
      return has('uploads') ? 'ListMultipartUploads' : 'ListObjectsV2';
    case 'PUT object':
      if (has('uploadId')) return copies ? 'UploadPartCopy' : 'UploadPart';
      return copies ? 'CopyObject' : 'PutObject';
    case 'POST object':
      return has('uploads') ? 'CreateMultipartUpload' : 'CompleteMultipartUpload';
    case 'DELETE object':
      return has('uploadId') ? 'AbortMultipartUpload' : 'DeleteObject';
    case 'GET object':
    case 'HEAD object':
      return 'GetObject';
    default:
      throw new S3Failure(405, 'MethodNotAllowed');
  }
}

/** The bytes `start` to `end` of the parts in a row. */
async function* readSlices(parts: Part[], start: number, end: number): AsyncGenerator<Buffer> {
  let at = 0;
  for (const { path, size } of parts) {
    const from = Math.max(start - at, 0);
    const to = Math.min(end - at, size - 1);
    if (from <= to) yield* createReadStream(path, { start: from, end: to }) as AsyncIterable<Buffer>;
    at += size;
  }
}

function keptHeaders(req: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(req.headers).flatMap(([name, value]) =>
      KEPT_HEADER.test(name) ? [[name, String(value)]] : [],
    ),
  );
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
