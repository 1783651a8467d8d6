import { createHash } from 'node:crypto';
import { TransientError } from '@mediaworks/contracts';
import { crc32c as addCrc32c } from '@node-rs/crc32';
import type { ObjectFacts } from './buckets.ts';

/** Adds up what came of a file and compares it with what Storage told. */
export interface Checksum {
  update(chunk: Uint8Array): void;
  /** @throws TransientError `checksum_mismatch` */
  check(): void;
}

/**
 * By the CRC32C, which Storage has of every file and processors have an instruction for: the MD5 of a file costs as much
 * as all else that is done with it.
 */
export function checksumOf({ md5, crc32c }: Pick<ObjectFacts, 'md5' | 'crc32c'>): Checksum {
  if (crc32c !== null) {
    let sum = 0;
    return {
      update: (chunk) => (sum = addCrc32c(asBuffer(chunk), sum)),
      check: () => compare(bigEndian(sum).toString('base64'), crc32c),
    };
  }
  const hash = createHash('md5');
  return {
    update: (chunk) => void hash.update(chunk),
    check: () => compare(hash.digest('base64'), md5),
  };
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
}

function bigEndian(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

function compare(found: string, told: string | null): void {
  if (found !== told) {
    throw new TransientError('checksum_mismatch', 'The bytes that came are not those that are stored');
  }
}
