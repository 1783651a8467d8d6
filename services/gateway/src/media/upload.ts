import type { MediaKind } from '@mediaworks/contracts';
import { SNIFF_BYTES, sniffMedia } from '@mediaworks/media';
import { asError } from '@mediaworks/runtime';
import { type ObjectStore, StorageError } from '@mediaworks/storage';
import type { Request, Response } from 'express';
import multer from 'multer';
import type { Readable } from 'node:stream';
import { ApiError } from '../api-error.ts';
import { cleanFileName } from './file-name.ts';
import { newToken, originalKey } from './object-keys.ts';

/** A file that is in the store, whole. */
export interface StoredFile {
  kind: MediaKind;
  mime: string;
  filename: string;
  key: string;
  token: string;
  /** Bytes. */
  size: number;
  sha256: string;
}

export interface Upload {
  file: StoredFile;
  /** The other parts of the form, not checked yet. */
  fields: Record<string, unknown>;
}

export interface UploadTarget {
  store: ObjectStore;
  ownerId: number;
  /** Most bytes of a file, by kind. */
  limits: Record<MediaKind, number>;
}

/** What a form may weigh beside its file. */
const FORM_BYTES = 2 ** 20;
/** With less than this, every chunk of the socket waits for the one before it to be on the disk. */
const FILE_BUFFER_BYTES = 512 * 1024;
/** How long a refused body is still read, so that the client gets to the answer instead of a broken connection. */
const DRAIN_MS = 60_000;

/**
 * Streams the `file` part of a form into the store, in bounded memory: its type decided by its content, its limit by
 * its type. When this rejects, nothing is left in the store.
 * @throws ApiError 400 | 413 | 415
 */
export async function receiveUpload(req: Request, res: Response, target: UploadTarget): Promise<Upload> {
  const mostBytes = Math.max(...Object.values(target.limits)) + FORM_BYTES;
  limitBody(req, mostBytes);
  if (Number(req.headers['content-length'] ?? 0) > mostBytes) {
    req.resume();
    throw tooLarge('File size exceeds maximum allowed size');
  }
  const engine = new StoreEngine(target);
  const receive = multer({
    storage: engine,
    defParamCharset: 'utf8',
    fileHwm: FILE_BUFFER_BYTES,
    limits: { files: 1, fields: 20, fieldNameSize: 100, fieldSize: 4_096, parts: 21, headerPairs: 50 },
  } as multer.Options).single('file');

  await new Promise<void>((resolve, reject) => {
    // Multer reads a refused body to its end before it says so; whoever waits should hear at once.
    engine.onRefused = reject;
    receive(req, res, (error: unknown) => {
      if (error === undefined || error === null) resolve();
      // The store knows better than multer why a stream broke off, and has something to clear away.
      else void engine.storing.then(() => reject(asRefusal(error)));
    });
  });
  const { stored } = engine;
  if (!stored || !req.file)
    throw new ApiError(400, 'missing_file', 'No file was submitted: expected a part named file');
  return { file: stored, fields: { ...(req.body as Record<string, unknown>) } };
}

/** Multer's port to where files go: ours is the object store. One for each request. */
class StoreEngine implements multer.StorageEngine {
  stored: StoredFile | undefined;
  /** Resolves when nothing is being written any more. */
  storing: Promise<void> = Promise.resolve();
  onRefused: (error: Error) => void = () => undefined;

  constructor(private readonly target: UploadTarget) {}

  _handleFile(
    _req: Request,
    file: Express.Multer.File,
    done: (error?: unknown, info?: Partial<Express.Multer.File>) => void,
  ): void {
    this.storing = storeFile(file.stream, file.originalname, this.target).then(
      (stored) => {
        this.stored = stored;
        done(null, { path: stored.key, size: stored.size });
      },
      (error: unknown) => {
        const refusal = asRefusal(error);
        this.onRefused(refusal);
        // What is left of the part must go somewhere, or the rest of the form never comes.
        file.stream.resume();
        done(refusal);
      },
    );
  }

  _removeFile(_req: Request, file: Express.Multer.File, done: (error: Error | null) => void): void {
    this.target.store.remove(file.path).then(
      () => done(null),
      (error: unknown) => done(asError(error)),
    );
  }
}

async function storeFile(body: Readable, name: string, target: UploadTarget): Promise<StoredFile> {
  const { head, ended } = await readHead(body, SNIFF_BYTES);
  if (head.length === 0) throw new ApiError(400, 'empty_file', 'The submitted file is empty');
  const type = await sniffMedia(head);
  if (!type)
    throw new ApiError(
      415,
      'unsupported_media',
      'This is not an image, video or sound in a supported format',
    );
  const filename = cleanFileName(name);
  const token = newToken();
  const key = originalKey(target.ownerId, type.kind, token, filename);
  const maxBytes = target.limits[type.kind];
  try {
    const object = await target.store.put(key, ended ? head : body, { contentType: type.mime, maxBytes });
    return {
      kind: type.kind,
      mime: type.mime,
      filename,
      key,
      token,
      size: object.size,
      sha256: object.sha256,
    };
  } catch (error) {
    if (!(error instanceof StorageError) || error.code !== 'too_large') throw error;
    throw tooLarge(`File size exceeds maximum allowed size: ${maxBytes} bytes for ${type.kind}`, {
      cause: error,
    });
  }
}

/** Takes the start of a stream and puts it back, unless that was all of it. */
function readHead(stream: Readable, bytes: number): Promise<{ head: Buffer; ended: boolean }> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const finish = (ended: boolean) => {
      stream.off('readable', onReadable).off('end', onEnd).off('error', onError).off('close', onClose);
      const head = Buffer.concat(chunks, length);
      if (!ended) stream.unshift(head);
      resolve({ head, ended });
    };
    const onReadable = () => {
      while (length < bytes) {
        const chunk = stream.read() as Buffer | null;
        if (chunk === null) return;
        chunks.push(chunk);
        length += chunk.length;
      }
      finish(false);
    };
    const onEnd = () => finish(true);
    const onError = (error: Error) => reject(error);
    const onClose = () => reject(new Error('The upload was cut off'));
    stream.on('readable', onReadable).on('end', onEnd).on('error', onError).on('close', onClose);
  });
}

/** Ends a request whose body goes on past every limit, or is still coming long after it was answered. */
function limitBody(req: Request, mostBytes: number): void {
  let bytes = 0;
  let drain: NodeJS.Timeout | undefined;
  req.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > mostBytes) req.destroy();
  });
  req.res?.once('finish', () => {
    if (!req.readableEnded) drain = setTimeout(() => req.destroy(), DRAIN_MS).unref();
  });
  req.once('close', () => clearTimeout(drain));
}

const tooLarge = (message: string, options?: ErrorOptions) =>
  new ApiError(413, 'too_large', message, options);

/** What multer, busboy and the store say, as an answer. What nobody foresaw stays what it is. */
function asRefusal(error: unknown): Error {
  if (error instanceof ApiError || error instanceof StorageError) return error;
  if (error instanceof multer.MulterError) {
    switch (error.code) {
      case 'LIMIT_FIELD_VALUE':
      case 'LIMIT_FILE_SIZE':
        return tooLarge(`${error.message}: ${error.field ?? ''}`, { cause: error });
      case 'LIMIT_UNEXPECTED_FILE':
      case 'LIMIT_FILE_COUNT':
        return new ApiError(400, 'unexpected_file', 'Expected one file, in a part named file', {
          cause: error,
        });
      default:
        return new ApiError(400, 'malformed_form', error.message, { cause: error });
    }
  }
  const { message } = asError(error);
  return BROKEN_FORM.test(message)
    ? new ApiError(400, 'malformed_form', message, { cause: error })
    : asError(error);
}

/** busboy has messages alone, no codes. */
const BROKEN_FORM =
  /^(Unexpected end of (form|file)|Malformed |Multipart: |Request (aborted|closed|error)|The upload was cut off|Unsupported content type|Missing Content-Type|aborted)/;
