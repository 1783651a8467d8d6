import { randomUUID } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import {
  appendFile,
  cp,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { bytesOf, pattern, sha256, streamOf } from './conformance/bodies.ts';
import { createLocalStore } from './local.ts';
import { BlockWriter } from './local-file-writer.ts';
import { createWriting } from './local-write.ts';
import type { ObjectStore } from './object-store.ts';

/** What is peculiar to a store of files: who else may touch them, and what a crash leaves. */
describe('the files of the local store', () => {
  const folders: string[] = [];
  let root: string;
  let store: ObjectStore;
  const newFolder = async () => {
    const folder = await mkdtemp(join(tmpdir(), 'local-files-'));
    folders.push(folder);
    return folder;
  };
  const openStore = (at: string) => createLocalStore({ root: at, signingKey: 's'.repeat(32) });
  const sidecars = async (of = root): Promise<string[]> => {
    const names = await readdir(join(of, '.mediaworks', 'meta'), { recursive: true, withFileTypes: true });
    return names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  };
  beforeEach(async () => {
    root = await newFolder();
    store = openStore(root);
  });
  afterAll(async () => {
    for (const folder of folders) await rm(folder, { recursive: true });
  });

  describe('links', () => {
    let outside: string;
    beforeEach(async () => {
      outside = await newFolder();
      await writeFile(join(outside, 'secret'), 'secret');
      await store.put('a/real', Buffer.from('real'));
      await symlink(outside, join(root, 'linked'));
      await symlink(outside, join(root, 'a', 'linked'));
      await symlink(join(outside, 'secret'), join(root, 'a', 'secret'));
      await symlink('real', join(root, 'a', 'alias'));
    });
    const untouched = async () => {
      expect(await readdir(outside)).toEqual(['secret']);
      expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('secret');
    };

    it.each(['linked/secret', 'a/linked/secret', 'a/secret', 'a/alias'])(
      '%s is not read through one',
      async (key) => {
        for (const work of [
          () => store.get(key),
          () => store.head(key),
          () =>
            store.withFile(
              key,
              () => join(outside, 'out'),
              (path) => readFile(path),
            ),
          () => store.copy(key, 'copied'),
        ]) {
          await expect(work()).rejects.toMatchObject({ code: 'invalid_key' });
        }
        expect(await store.head('copied')).toBeUndefined();
        await untouched();
      },
    );

    it.each(['linked/new', 'linked/deep/new', 'a/linked/secret'])(
      '%s is not written through one',
      async (key) => {
        await expect(store.put(key, Buffer.from('x'))).rejects.toMatchObject({ code: 'invalid_key' });
        await expect(store.copy('a/real', key)).rejects.toMatchObject({ code: 'invalid_key' });
        await expect(store.remove('linked/secret')).rejects.toMatchObject({ code: 'invalid_key' });
        await untouched();
      },
    );

    it('an object takes the place of one, and a removal takes the link alone', async () => {
      await store.put('a/secret', Buffer.from('mine'));
      expect((await bytesOf(store.get('a/secret'))).toString()).toBe('mine');
      await store.remove('a/alias');
      expect((await bytesOf(store.get('a/real'))).toString()).toBe('real');
      await untouched();
    });

    it('are not listed', async () => {
      const keys = [];
      for (const prefix of ['', 'linked/', 'a/linked/']) {
        for await (const { key } of store.list(prefix)) keys.push(key);
      }
      expect(keys).toEqual(['a/real']);
    });

    it('do not help when a folder becomes one under our hands', async () => {
      const swapped = join(root, 'swapped');
      let swapping = true;
      const swap = async () => {
        // The store makes the folder too, so each step may find something in its way.
        const ignore = () => undefined;
        while (swapping) {
          await symlink(outside, swapped).catch(ignore);
          await unlink(swapped).catch(ignore);
          await mkdir(swapped).catch(ignore);
          await writeFile(join(swapped, 'secret'), 'decoy').catch(ignore);
          await rm(swapped, { recursive: true }).catch(ignore);
        }
      };
      const use = async () => {
        const seen = new Set<string | undefined>();
        for (let i = 0; i < 200; i++) {
          seen.add(
            await store
              .get('swapped/secret')
              .then(bytesOf)
              .then(String, () => undefined),
          );
          await store.put(`swapped/new-${i}`, Buffer.from('x')).catch(() => undefined);
          await store.remove('swapped/secret').catch(() => undefined);
          for await (const { key } of store.list('swapped/')) expect(key).toMatch(/^swapped\/(new-|secret)/);
        }
        return seen;
      };
      const [seen] = await Promise.all([use().finally(() => (swapping = false)), swap()]);
      expect(seen).not.toContain('secret');
      await untouched();
    });

    it('may lead to the root, but not to what is kept in it', async () => {
      const alias = join(outside, 'root');
      await symlink(root, alias);
      expect((await bytesOf(openStore(alias).get('a/real'))).toString()).toBe('real');
      const other = await newFolder();
      await mkdir(join(other, '.mediaworks'));
      await symlink(outside, join(other, '.mediaworks', 'tmp'));
      await expect(openStore(other).put('a', Buffer.from('x'))).rejects.toMatchObject({
        code: 'unavailable',
      });
    });
  });

  describe('what others put there', () => {
    it('is hashed once', async () => {
      await mkdir(join(root, 'theirs'));
      await writeFile(join(root, 'theirs', 'file'), pattern(100_000));
      const told = {
        size: 100_000,
        sha256: sha256(pattern(100_000)),
        contentType: 'application/octet-stream',
      };
      expect(await store.head('theirs/file')).toMatchObject(told);
      expect(await sidecars()).toHaveLength(1);
      expect(await openStore(root).head('theirs/file')).toMatchObject(told);
      expect(await sidecars()).toHaveLength(1);
    });

    it('is hashed again when it was changed in place', async () => {
      await store.put('changed', pattern(1_000), { contentType: 'text/plain' });
      await appendFile(join(root, 'changed'), 'more');
      const bytes = await readFile(join(root, 'changed'));
      expect(await store.head('changed')).toMatchObject({ size: 1_004, sha256: sha256(bytes) });
      expect(await sidecars()).toHaveLength(1);
    });

    it('keeps its type through a backup', async () => {
      await store.put('saved', pattern(1_000), { contentType: 'image/gif' });
      const restored = await newFolder();
      // New inodes and new times.
      await cp(root, restored, { recursive: true });
      await utimes(join(restored, 'saved'), 1, 1);
      const told = { sha256: sha256(pattern(1_000)), contentType: 'image/gif' };
      expect(await openStore(restored).head('saved')).toMatchObject(told);
      expect(await sidecars(restored)).toHaveLength(1);
    });

    it('is no object when it is a folder, a pipe or has a name that no key has', async () => {
      await mkdir(join(root, 'folder'));
      await writeFile(join(root, 'line\nbreak'), 'x');
      await writeFile(join(root, 'back\\slash'), 'x');
      expect(await store.head('folder')).toBeUndefined();
      await expect(store.get('folder')).rejects.toMatchObject({ code: 'not_found' });
      const keys = [];
      for await (const { key } of store.list('')) keys.push(key);
      expect(keys).toEqual([]);
      // An empty folder is in nobody's way.
      await store.put('folder', Buffer.from('x'));
      expect(await store.head('folder')).toMatchObject({ size: 1 });
    });

    it('refuses a key under another object, and one that others lie under', async () => {
      await store.put('file', Buffer.from('x'));
      await store.put('deep/file', Buffer.from('x'));
      await expect(store.put('file/below', Buffer.from('y'))).rejects.toMatchObject({ code: 'invalid_key' });
      await expect(store.put('deep', Buffer.from('y'))).rejects.toMatchObject({ code: 'invalid_key' });
      expect(await store.head('file/below')).toBeUndefined();
      expect(await readdir(join(root, '.mediaworks', 'tmp'))).toEqual([]);
      expect(await sidecars()).toHaveLength(2);
    });
  });

  describe('a crash', () => {
    it('between sidecar and rename leaves the old object with its own details', async () => {
      await store.put('key', pattern(1_000, 1), { contentType: 'text/old' });
      const [old = ''] = await sidecars();
      // What the next put had written when it died: its sidecar, and its temporary file, which has the name's id.
      const [name = '', , id = ''] = (old.split('/').at(-1) ?? '').split('.');
      const dead = randomUUID();
      const temp = join(root, '.mediaworks', 'tmp', `${name}.${dead}`);
      await writeFile(temp, pattern(1_000, 2));
      const { ino, mtimeNs, size } = await stat(temp, { bigint: true });
      const sidecar = `${name}.${ino}-${mtimeNs}-${size}.${dead}.${sha256(pattern(1_000, 2))}.text,new`;
      await writeFile(join(old, '..', sidecar), '');
      expect(id).not.toBe(dead);
      expect(await openStore(root).head('key')).toMatchObject({
        sha256: sha256(pattern(1_000, 1)),
        contentType: 'text/old',
      });
      // Had it lived on, others would not have tidied its sidecar away.
      await store.put('key', pattern(1_000, 3), { contentType: 'text/other' });
      expect(await sidecars()).toHaveLength(2);
      await rename(temp, join(root, 'key'));
      expect(await store.head('key')).toMatchObject({
        sha256: sha256(pattern(1_000, 2)),
        contentType: 'text/new',
      });
      await store.remove('key');
      expect(await sidecars()).toEqual([]);
    });

    it('that lost the details costs one hash', async () => {
      await store.put('key', pattern(1_000), { contentType: 'text/plain' });
      const [sidecar = ''] = await sidecars();
      const broken = sidecar.replace(/[0-9a-f]{64}.*/, '');
      await rename(sidecar, `${broken}ab`);
      // Whatever order the folder is read in, some come before the good one.
      for (const name of ['aa', 'ac', 'ad', 'ae', 'af']) await writeFile(`${broken}${name}`, '');
      expect(await store.head('key')).toMatchObject({ sha256: sha256(pattern(1_000)) });
      const after = await sidecars();
      expect(await store.head('key')).toMatchObject({ sha256: sha256(pattern(1_000)) });
      // The second time it was read, or there would be one more.
      expect(await sidecars()).toEqual(after);
      await store.remove('key');
      expect(await sidecars()).toEqual([]);
    });

    it('leaves a temporary file, which the next start sweeps once it is a day old', async () => {
      await store.put('key', pattern(10));
      const [sidecar = ''] = await sidecars();
      const [name = ''] = (sidecar.split('/').at(-1) ?? '').split('.');
      const tmp = join(root, '.mediaworks', 'tmp');
      const day = 24 * 3_600;
      const now = Date.now() / 1_000;
      for (const [id, age] of [
        ['old', day + 60],
        ['new', day - 60],
      ] as const) {
        await writeFile(join(tmp, `${name}.${id}`), 'half');
        await utimes(join(tmp, `${name}.${id}`), now - age, now - age);
        await writeFile(join(sidecar, '..', `${name}.1-1-1.${id}.${'0'.repeat(64)}.text,plain`), '');
      }
      await openStore(root).head('key');
      expect(await readdir(tmp)).toEqual([`${name}.new`]);
      expect((await sidecars()).filter((path) => path.includes('.old.'))).toEqual([]);
      expect(await sidecars()).toHaveLength(2);
    });
  });

  it('leaves nothing of a removed object, and no empty folders', async () => {
    await store.put('a/b/c/d', pattern(10));
    await store.put('a/e', pattern(10));
    await store.remove('a/b/c/d');
    expect(await readdir(join(root, 'a'))).toEqual(['e']);
    await store.remove('a/e');
    expect(await readdir(root)).toEqual(['.mediaworks']);
    expect(await sidecars()).toEqual([]);
  });

  it('keeps one sidecar an object however often it is replaced', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => store.put('key', streamOf(pattern(100 + i)))));
    await store.put('key', pattern(10));
    expect(await sidecars()).toHaveLength(1);
  });

  it('lists a folder that is larger than what is held of it', async () => {
    await mkdir(join(root, 'large'));
    await writeFile(join(root, 'large', 'one'), 'x');
    const names = Array.from({ length: 25_000 }, (_, i) => `n${i}`);
    for (let i = 0; i < names.length; i += 500) {
      const some = names.slice(i, i + 500);
      await Promise.all(some.map((name) => link(join(root, 'large', 'one'), join(root, 'large', name))));
    }
    const keys = [];
    for await (const { key } of store.list('large/n')) keys.push(key);
    expect(keys).toEqual(names.map((name) => `large/${name}`).sort());
  }, 60_000);

  it('tells a full disk', async () => {
    const full = { open: () => openSync('/dev/full', 'w'), close: closeSync };
    const writeTo = createWriting({
      ready: true,
      started: Promise.resolve(),
      open: (path) => new BlockWriter(path, full),
    });
    await expect(writeTo('full', Buffer.from('x'), {})).rejects.toMatchObject({ code: 'no_space' });
    const body = streamOf(pattern(3_000_000));
    await expect(writeTo('full', body, {})).rejects.toMatchObject({ name: 'StorageError', code: 'no_space' });
    expect(body.destroyed).toBe(true);
  });

  it('can not be used where it can not be', async () => {
    const blocked = openStore('/dev/null/objects');
    await expect(blocked.check()).rejects.toMatchObject({ name: 'StorageError' });
    await expect(blocked.head('a')).rejects.toMatchObject({ name: 'StorageError' });
    const body = streamOf(pattern(10));
    await expect(blocked.put('a', body)).rejects.toMatchObject({ name: 'StorageError' });
    expect(body.destroyed).toBe(true);
  });
});
