import { createHash } from 'node:crypto';
import { Crc32c } from '@aws-crypto/crc32c';
import { TransientError } from '@mediaworks/contracts';
import type { ObjectFacts } from './buckets.ts';

/** Adds up what came of a file and compares it with what Storage told. */
export interface Checksum {
  update(chunk: Uint8Array): void;
  /** @throws TransientError `checksum_mismatch` */
  check(): void;
}

/** By the MD5 where there is one: it runs in native code. What was composed of parts has a CRC32C alone. */
export function checksumOf({ md5, crc32c }: Pick<ObjectFacts, 'md5' | 'crc32c'>): Checksum {
  if (md5 !== null) {
    const hash = createHash('md5');
    return {
      update: (chunk) => void hash.update(chunk),
      check: () => compare(hash.digest('base64'), md5),
    };
  }
  const crc = new Crc32c();
  return {
    update: (chunk) => void crc.update(chunk),
    check: () => compare(bigEndian(crc.digest()).toString('base64'), crc32c),
  };
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
