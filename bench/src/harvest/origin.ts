import { createHash, randomFillSync } from 'node:crypto';
import { crc32c } from '@node-rs/crc32';

/** What the benchmark's Storage holds: files of 0.1 to 2 MB, the same for everybody who asks. */
export const BUCKET = 'bench.firebasestorage.app';
export const LATENCY_MS = 20;
const SMALLEST = 100_000;
const LARGEST = 2_000_000;
/** So many files differ; those after them repeat them. */
const DISTINCT = 97;

export interface BenchFile {
  size: number;
  md5: string;
  crc32c: string;
  bytes: Buffer;
}

/** The files of the origin, by their number. */
export function makeFiles(): BenchFile[] {
  const pool = randomFillSync(Buffer.alloc(LARGEST + DISTINCT));
  return Array.from({ length: DISTINCT }, (_, n) => {
    // A step that meets every size once.
    const size = SMALLEST + Math.round(((LARGEST - SMALLEST) * ((n * 61) % DISTINCT)) / (DISTINCT - 1));
    const bytes = pool.subarray(n, n + size);
    return { size, bytes, md5: createHash('md5').update(bytes).digest('base64'), crc32c: crc32cOf(bytes) };
  });
}

function crc32cOf(bytes: Buffer): string {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32c(bytes));
  return sum.toString('base64');
}

export const pathOf = (user: number, file: number) => `media/${user}/photo${file}.jpg`;

/** Which of the distinct files a path stands for. */
export function indexOf(path: string): number {
  const [, user = '0', file = '0'] = /^media\/(\d+)\/photo(\d+)\.jpg$/.exec(path) ?? [];
  return (Number(user) * 31 + Number(file)) % DISTINCT;
}

/** Where a client asks for a file. */
export const mediaPath = (path: string) => `/storage/v1/b/${BUCKET}/o/${encodeURIComponent(path)}?alt=media`;
