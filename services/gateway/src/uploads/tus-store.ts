import type { Readable } from 'node:stream';
import { asError } from '@mediaworks/runtime';
import { DataStore, ERRORS, Upload } from '@tus/server';
import { ApiError } from '../api-error.ts';
import type { GatewayDeps } from '../deps.ts';
import {
  deleteStaged,
  findStaged,
  insertStaged,
  setTotalBytes,
  type StagedUpload,
} from '../staging/queries.ts';
import type { Staging } from '../staging/staging.ts';

/** Bytes of a part: what a connection that breaks, or a gateway that dies, loses at most. One request to any store. */
const PART_BYTES = 5 * 2 ** 20;

export interface TusCaller {
  userId: number;
  /** Whose uploads the caller sees; undefined for all. */
  viewer: number | undefined;
}

/** The port of `@tus/server` to where bytes go, for one caller: ours is the staging area. */
export class StagedStore extends DataStore {
  constructor(
    private readonly db: GatewayDeps['db'],
    private readonly staging: Staging,
    private readonly caller: TusCaller,
  ) {
    super();
    this.extensions = ['creation', 'creation-with-upload', 'creation-defer-length', 'termination'];
  }

  override async create(upload: Upload): Promise<Upload> {
    const metadata = textsOf(upload.metadata);
    await insertStaged(this.db, {
      id: upload.id,
      owner_id: this.caller.userId,
      service: metadata['service'] === 'media' ? 'media' : 'lectures',
      total_bytes: upload.size ?? null,
      metadata,
    });
    return upload;
  }

  override async getUpload(id: string): Promise<Upload> {
    const { metadata, total_bytes, received, created_at } = await this.find(id);
    return new Upload({
      id,
      offset: received,
      ...(total_bytes === null ? {} : { size: total_bytes }),
      metadata,
      creation_date: created_at.toISOString(),
    });
  }

  override async declareUploadLength(id: string, bytes: number): Promise<void> {
    await setTotalBytes(this.db, id, bytes);
  }

  /** Stores what comes, part by part, and all of it also when it breaks off: the client goes on from there. */
  override async write(body: Readable, id: string, offset: number): Promise<number> {
    const upload = await this.find(id);
    let at = offset;
    for await (const part of inParts(body)) {
      const piece = await this.staging.stage(upload.owner_id, part);
      await this.staging.append(id, at, piece);
      at += part.length;
    }
    return at;
  }

  override async remove(id: string): Promise<void> {
    await this.find(id);
    await this.staging.remove(await deleteStaged(this.db, id));
  }

  private async find(id: string): Promise<StagedUpload> {
    const upload = await findStaged(this.db, id, this.caller.viewer);
    // Chunks that are named by a client are not put together by tus.
    if (!upload || upload.file_id !== null) throw notFound();
    return upload;
  }
}

const notFound = () => new ApiError(404, 'not_found', ERRORS.FILE_NOT_FOUND.body.trim());

/** Keys without a value are as good as none. */
export function textsOf(metadata: Record<string, string | null> | undefined): Record<string, string> {
  const texts = Object.entries(metadata ?? {}).filter((pair): pair is [string, string] => pair[1] !== null);
  return Object.fromEntries(texts);
}

/** A stream in parts of {@link PART_BYTES}, the last one shorter; one that fails just ends there. */
async function* inParts(body: Readable): AsyncGenerator<Buffer> {
  let chunks: Buffer[] = [];
  let size = 0;
  const take = () => {
    const part = Buffer.concat(chunks, size);
    chunks = [];
    size = 0;
    return part;
  };
  let broken: Error | undefined;
  try {
    for await (const chunk of body) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size >= PART_BYTES) yield take();
    }
  } catch (error) {
    broken = asError(error);
  }
  if (size > 0) yield take();
  if (broken) throw broken;
}
