import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createLocalStore } from './local.ts';
import type { ObjectStore } from './object-store.ts';
import { zipObjects } from './zip.ts';

let root: string;
let store: ObjectStore;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'zip-test-'));
  store = createLocalStore({ root: join(root, 'objects'), signingKey: 'k'.repeat(32) });
});
afterEach(() => rm(root, { recursive: true, force: true }));

const entries = [
  { key: 'a/one', name: 'images/Übung \u{1f600}.jpg' },
  { key: 'a/two', name: 'voices/empty' },
];

/** Of the central directory, by the offsets that the archive's end tells (APPNOTE 4.3.12, 4.3.16). */
function namesIn(zip: Buffer): string[] {
  const end = zip.length - 22;
  let at = zip.readUInt32LE(end + 16);
  return Array.from({ length: zip.readUInt16LE(end + 10) }, () => {
    const [name, extra, comment] = [28, 30, 32].map((field) => zip.readUInt16LE(at + field));
    const start = at + 46;
    at = start + (name ?? 0) + (extra ?? 0) + (comment ?? 0);
    return zip.subarray(start, start + (name ?? 0)).toString();
  });
}

it('holds the objects as they are, under their names, and is the same each time', async () => {
  const bytes = Buffer.alloc(300_000, 'media ');
  await store.put('a/one', bytes);
  await store.put('a/two', Buffer.alloc(0));
  const zip = await buffer(zipObjects(store, entries));
  expect(await buffer(zipObjects(store, entries))).toEqual(zip);
  expect(zip.includes(bytes)).toBe(true);
  expect(namesIn(zip)).toEqual(entries.map(({ name }) => name));
});

it('of nothing is an archive too', async () => {
  expect((await buffer(zipObjects(store, []))).subarray(0, 4).toString('latin1')).toBe('PK\u0005\u0006');
});

it('breaks off when an object is not there', async () => {
  await expect(buffer(zipObjects(store, entries))).rejects.toMatchObject({ code: 'not_found' });
});
