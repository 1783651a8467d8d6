import { PermanentError, TransientError } from '@mediaworks/contracts';
import type { StoredAt } from '../naming/storage-path.ts';
import { asStorageFailure, type Buckets, type OpenedObject } from './buckets.ts';
import { checksumOf } from './checksum.ts';
import type { Courtesy } from './courtesy.ts';
import type { Incoming } from './incoming.ts';

/** A file that breaks off this often without a byte more is begun anew. */
const FRUITLESS_RESUMES = 2;

/**
 * The bytes of a file as they are stored. A transfer that breaks off goes on where it stopped, of the same version; the
 * last chunk comes only when the whole has the size and checksum that Storage told: whoever reads to the end without an
 * error has what is stored.
 * @param onReceived told when nothing more is asked of Storage
 * @throws TransientError `changed`, `checksum_mismatch`, `storage_unreachable`; what `Buckets.open` throws
 */
export async function* storedBytes(
  at: StoredAt,
  opened: OpenedObject,
  tools: { buckets: Buckets; courtesy: Courtesy },
  signal: AbortSignal,
  onReceived: () => void,
): AsyncGenerator<Buffer> {
  const { facts } = opened;
  const checksum = checksumOf(facts);
  let { body } = opened;
  let received = 0;
  let held: Buffer | undefined;
  try {
    for (let fruitless = 0; ;) {
      const before = received;
      try {
        for (let chunks = await body.next(); chunks; chunks = await body.next()) {
          const size = chunks.reduce((sum, { length }) => sum + length, 0);
          received += size;
          if (received > facts.size)
            throw new TransientError('changed', 'The file is longer than it was told');
          await tools.courtesy.spend(size, signal);
          for (const chunk of chunks) {
            checksum.update(chunk);
            if (held) yield held;
            held = chunk;
          }
        }
        if (received === facts.size) break;
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof TransientError || error instanceof PermanentError) throw error;
      }
      fruitless = received === before ? fruitless + 1 : 0;
      if (fruitless > FRUITLESS_RESUMES) throw asStorageFailure(undefined);
      body = await resume(at, { generation: facts.generation, start: received }, tools.buckets, signal);
    }
  } finally {
    body.stop();
  }
  onReceived();
  checksum.check();
  if (held) yield held;
}

async function resume(
  at: StoredAt,
  part: { generation: string; start: number },
  buckets: Buckets,
  signal: AbortSignal,
): Promise<Incoming> {
  try {
    return (await buckets.open(at, signal, part)).body;
  } catch (error) {
    // That version is gone: there may be a newer one, which is for another try to fetch.
    if (error instanceof PermanentError && error.code === 'not_found') {
      throw new TransientError('changed', 'The file changed while it was fetched', { cause: error });
    }
    throw error;
  }
}
