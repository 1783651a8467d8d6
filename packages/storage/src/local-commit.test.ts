import { type FileHandle, mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { bytesOf, pattern, sha256 } from './conformance/bodies.ts';
import { commitFiles, type CommitOrder } from './local-commit-steps.ts';
import { type CommitThread, startCommitThread } from './local-commit-thread.ts';
import { createLocalStore } from './local.ts';

let root: string;
let handles: FileHandle[];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'local-commit-'));
  handles = [];
});
afterEach(async () => {
  await Promise.all(handles.map((handle) => handle.close()));
  await rm(root, { recursive: true });
});

describe('files that are made objects together', () => {
  const folder = async (name: string) => {
    const path = join(root, name);
    await mkdir(path, { recursive: true });
    const handle = await open(path, 'r');
    handles.push(handle);
    return { fd: handle.fd, path };
  };
  const order = async (name: string, bytes: Uint8Array): Promise<CommitOrder> => {
    await writeFile(join(root, 'model'), '');
    return {
      bytes,
      id: `${name}.1`,
      temp: join(root, `${name}.tmp`),
      model: join(root, 'model'),
      ...{ sidecars: await folder('meta'), folder: await folder('objects'), name },
      ...{ sha256: sha256(bytes), contentType: 'text/plain' },
    };
  };

  it('have their bytes, and sidecars that tell which file they describe', async () => {
    const orders = await Promise.all(
      ['a', 'b', 'empty'].map((name, n) => order(name, pattern((2 - n) * 500))),
    );
    const outcomes = commitFiles(orders);
    expect(outcomes).toEqual(orders.map(() => ({ stats: expect.anything(), replaces: false })));
    expect(await readFile(join(root, 'objects', 'a'))).toEqual(Buffer.from(pattern(1_000)));
    expect(await readFile(join(root, 'objects', 'empty'))).toHaveLength(0);
    const [first] = outcomes;
    if (!first || !('stats' in first)) throw new Error('it failed');
    const { ino, mtimeNs, size } = first.stats;
    const sidecar = `a.${ino}-${mtimeNs}-${size}.1.${sha256(pattern(1_000))}.text,plain`;
    expect(await readdir(join(root, 'meta'))).toContain(sidecar);
    const again = commitFiles([await order('a', pattern(10))]);
    expect(again).toMatchObject([{ replaces: true }]);
  });

  it('fail by themselves, before they are in place', async () => {
    const good = await order('good', pattern(10));
    const noModel = { ...(await order('unlinked', pattern(10))), model: join(root, 'missing') };
    const taken = await order('taken', pattern(10));
    await writeFile(taken.temp, 'here already');
    const blocked = await order('blocked', pattern(10));
    await mkdir(join(root, 'objects', 'blocked'));
    const closed = { ...(await order('closed', pattern(10))), sidecars: { ...good.sidecars, fd: 10_000 } };
    expect(commitFiles([noModel, taken, blocked, closed, good])).toEqual([
      { failed: 'ENOENT' },
      { failed: 'EEXIST' },
      { failed: 'EISDIR' },
      { failed: 'EBADF' },
      { stats: expect.anything(), replaces: false },
    ]);
    expect(await readdir(join(root, 'objects'))).toEqual(['blocked', 'good']);
  });
});

describe('a store with a thread', () => {
  const signingKey = 's'.repeat(32);
  const temporary = () => readdir(join(root, '.mediaworks', 'tmp'));

  it.each<[string, (thread: CommitThread) => CommitThread]>([
    ['that works', (thread) => thread],
    ['that fails at everything', (thread) => ({ ...thread, ready: true, commit: () => fails('EIO') })],
    [
      'that fails when all is done',
      (thread) => ({ ...thread, ready: true, commit: (o) => doneBut(thread, o) }),
    ],
  ])('%s keeps what is put', async (_, change) => {
    const thread = startCommitThread();
    await thread.started;
    const store = createLocalStore({ root, signingKey, commitThread: change(thread) });
    const keys = Array.from({ length: 40 }, (_, n) => `folder-${n % 3}/${n}`);
    await store.put('first', pattern(1));
    await Promise.all(
      keys.map((key, n) => store.put(key, pattern(n * 100, n), { contentType: 'text/plain' })),
    );
    for (const [n, key] of keys.entries()) {
      const told = { size: n * 100, sha256: sha256(pattern(n * 100, n)), contentType: 'text/plain' };
      expect(await store.head(key)).toMatchObject(told);
      expect(await bytesOf(store.get(key))).toEqual(Buffer.from(pattern(n * 100, n)));
    }
    expect(await temporary()).toEqual([]);
    for (const key of ['first', ...keys]) await store.remove(key);
    expect(await readdir(join(root, '.mediaworks', 'meta'), { recursive: true })).not.toContainEqual(
      expect.stringContaining('plain'),
    );
  });

  it('tells what it is that can not be put, and leaves nothing of it', async () => {
    const thread = startCommitThread();
    await thread.started;
    const store = createLocalStore({ root, signingKey, commitThread: thread });
    await store.put('file', pattern(1));
    await expect(store.put('file/below', pattern(2))).rejects.toMatchObject({ code: 'invalid_key' });
    const stopped = new AbortController();
    const late = store.put('late', pattern(2), { signal: stopped.signal });
    stopped.abort(new Error('no longer wanted'));
    await expect(late).rejects.toThrow('no longer wanted');
    expect(await store.head('late')).toBeUndefined();
    expect(await temporary()).toEqual([]);
  });

  it('that is not there yet does not wait for it', async () => {
    const store = createLocalStore({ root, signingKey, commitThread: startCommitThread() });
    await Promise.all(['a', 'b'].map((key) => store.put(key, pattern(10))));
    expect(await temporary()).toEqual([]);
  });
});

const fails = (failed: string) => Promise.resolve({ failed });
const doneBut = (thread: CommitThread, order: CommitOrder) => thread.commit(order).then(() => fails('EIO'));
