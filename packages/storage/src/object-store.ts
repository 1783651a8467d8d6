import type { Readable } from 'node:stream';

/** Where an object is, how big it is, and what it is. */
export interface ObjectHead {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Hex SHA-256 of the whole object. */
  readonly sha256: string;
  readonly contentType: string;
  readonly modifiedAt: Date;
}

/** Bytes `start` to `end`, both included, from 0. An `end` past the last byte means the last byte. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** What is stored: at once, or as it comes. An iterable that is no stream minds the signal by itself. */
export type Body = Uint8Array | Readable | AsyncIterable<Uint8Array>;

export interface PutOptions {
  /** 1 to 80 printable characters of ASCII without a comma; default `application/octet-stream`. */
  contentType?: string;
  /** Hex. Refuse the object (and keep nothing) when its bytes have another hash. */
  expectedSha256?: string;
  /** Refuse the object (and keep nothing) when it is longer, in bytes. */
  maxBytes?: number;
  /** Aborting keeps nothing; the put rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Told of each chunk of the body that is not looked at again: its memory may serve anew. A store need not say so. */
  onWritten?: (chunk: Uint8Array) => void;
}

export interface SignedUrlOptions {
  /** How long it opens, in seconds, 1 to 604,800. */
  expiresInSeconds: number;
  /** Offered as a download under this name. */
  filename?: string;
}

/**
 * Bytes under keys, published whole: a reader sees the old object or the new one, never a part.
 *
 * A key is 1 to 1,000 bytes of UTF-8 in `/`-separated segments of 1 to 255 bytes; no `.` or `..` segment, no leading
 * `/`, no backslash, no control character, no lone surrogate, and its first segment is not `.mediaworks`. Any other
 * key is a {@link StorageError} `invalid_key`. A store may also refuse a key that lies under another object's (`a/b`
 * beside `a`), as folders do.
 */
export interface ObjectStore {
  /**
   * Stores a body of any size in bounded memory; replaces what was there. Whatever happens, a stream has ended or is
   * destroyed afterwards, and an iterable is done.
   * @throws StorageError; what the stream itself failed with; the signal's reason. The old object is then as it was.
   */
  put(key: string, body: Body, options?: PutOptions): Promise<ObjectHead>;
  /** Stores a file of the local disk, which stays as it is. @throws as `put` */
  putFile(key: string, path: string, options?: PutOptions): Promise<ObjectHead>;
  /**
   * The object's bytes, or a range of them. They are of one object, whatever is put meanwhile.
   * @throws StorageError `not_found`, `invalid_range`
   */
  get(key: string, options?: { range?: ByteRange; signal?: AbortSignal }): Promise<Readable>;
  /**
   * Lends the object's bytes as a local file for as long as `use` runs: the object's own where it is one, otherwise a
   * copy where `scratch` says, which must not exist. Child processes may read it; nobody may write to it. What is put at the key
   * meanwhile does not show.
   * @throws StorageError `not_found`; whatever `use` throws
   */
  withFile<T>(
    key: string,
    scratch: () => string,
    use: (path: string) => Promise<T>,
    options?: { signal?: AbortSignal },
  ): Promise<T>;
  /** undefined when there is none. */
  head(key: string): Promise<ObjectHead | undefined>;
  /** Keys that start with this string, in byte order, in bounded memory. `''` lists all. */
  list(prefix: string): AsyncIterable<{ key: string; size: number }>;
  /** @throws StorageError `not_found` */
  copy(from: string, to: string): Promise<ObjectHead>;
  /** Removing what is not there is no error. */
  remove(key: string): Promise<void>;
  /** An address that opens the object to whoever has it, for a while. @throws RangeError for a bad lifetime */
  signedUrl(key: string, options: SignedUrlOptions): Promise<string>;
  /** Rejects when the store can't be reached or written. */
  check(): Promise<void>;
}

export type StorageErrorCode =
  | 'invalid_key'
  | 'invalid_range'
  | 'not_found'
  | 'too_large'
  | 'checksum_mismatch'
  | 'no_space'
  | 'unavailable';

export class StorageError extends Error {
  override readonly name = 'StorageError';
  constructor(
    readonly code: StorageErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
