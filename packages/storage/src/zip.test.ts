import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { exec } from '@mediaworks/runtime';
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

it('holds the objects as they are, under their names, and is the same each time', async () => {
  const bytes = Buffer.alloc(300_000, 'media ');
  await store.put('a/one', bytes);
  await store.put('a/two', Buffer.alloc(0));
  const zip = await buffer(zipObjects(store, entries));
  expect(await buffer(zipObjects(store, entries))).toEqual(zip);
  expect(zip.includes(bytes)).toBe(true);
  // Read by a program that is not ours.
  const path = join(root, 'a.zip');
  await writeFile(path, zip);
  const script = 'import sys,zipfile;z=zipfile.ZipFile(sys.argv[1]);print(z.testzip(),*z.namelist(),sep="|")';
  const { stdout } = await exec('python3', ['-X', 'utf8', '-c', script, path]);
  expect(stdout.toString().trim()).toBe('None|images/Übung \u{1f600}.jpg|voices/empty');
});

it('of nothing is an archive too', async () => {
  expect((await buffer(zipObjects(store, []))).subarray(0, 4).toString('latin1')).toBe('PK\u0005\u0006');
});

it('breaks off when an object is not there', async () => {
  await expect(buffer(zipObjects(store, entries))).rejects.toMatchObject({ code: 'not_found' });
});
