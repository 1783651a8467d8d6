import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { bytesOf, type Upload, withUpload } from './upload.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'upload-'));
});

afterAll(() => rm(folder, { recursive: true }));

async function write(size: number): Promise<{ path: string; content: Buffer }> {
  const path = join(folder, String(size));
  const content = randomBytes(size);
  await writeFile(path, content);
  return { path, content };
}

/** What an upload holds, and where; a copy, since it is lent. */
async function seen(upload: Upload) {
  const bytes = Buffer.from(await bytesOf(upload));
  const place = typeof upload.content === 'string' ? undefined : upload.content.buffer;
  return { bytes, place, head: upload.head, content: upload.content };
}

test.each([1, 4_096, 131_071, 131_072, 300_001, 2 ** 24])('lends all of %i bytes', async (size) => {
  const { path, content } = await write(size);
  const upload = await withUpload(path, undefined, seen);
  expect(upload.place).toBeDefined();
  expect(upload.bytes.equals(content)).toBe(true);
  expect(upload.head.equals(content.subarray(0, upload.head.length))).toBe(true);
});

test('gives the path of what is too large to be held', async () => {
  const { path, content } = await write(2 ** 24 + 1);
  const upload = await withUpload(path, undefined, seen);
  expect(upload.content).toBe(path);
  expect(upload.bytes.equals(content)).toBe(true);
  expect(upload.head.equals(content.subarray(0, upload.head.length))).toBe(true);
});

test('refuses an empty file', async () => {
  const { path } = await write(0);
  await expect(withUpload(path, undefined, seen)).rejects.toMatchObject({ code: 'empty_media' });
});

test('lends several at a time, each in memory of its own', async () => {
  const [one, other] = [await write(200_001), await write(200_002)];
  await withUpload(one.path, undefined, async (first) => {
    const second = await withUpload(other.path, undefined, seen);
    expect(second.bytes.equals(other.content)).toBe(true);
    expect((await bytesOf(first)).equals(one.content)).toBe(true);
  });
});

test('uses memory again, but not what a decoder may still read after an abort', async () => {
  const { path } = await write(200_003);
  const first = await withUpload(path, undefined, seen);
  const stopped = new AbortController();
  const aborted = await withUpload(path, stopped.signal, async (upload) => {
    stopped.abort();
    return seen(upload);
  });
  // Compared by themselves: to print what differs would print megabytes.
  expect(aborted.place === first.place).toBe(true);
  const next = await withUpload(path, undefined, seen);
  expect(next.place === aborted.place).toBe(false);
});
