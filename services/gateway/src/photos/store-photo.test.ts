import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { createLocalStore, type ObjectStore } from '@mediaworks/storage';
import { png } from '../media/testing/samples.ts';
import { storePhoto } from './store-photo.ts';

describe('a photo whose sender goes away', () => {
  let root: string;
  let store: ObjectStore;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'photos-test-'));
    store = createLocalStore({ root, signingKey: 'k'.repeat(32) });
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  const begin = (target: ObjectStore, bytes = 200_000) => {
    const body = new PassThrough();
    // As the form's reader does for every part.
    body.on('error', () => undefined);
    body.write(Buffer.concat([png, Buffer.alloc(bytes)]));
    const stored = storePhoto({ body, filename: 'a.png' }, 'id', {
      ...{ store: target, key: 'photos/a.png', maxBytes: 1_000_000 },
    }).catch((error: unknown) => error);
    return { body, stored };
  };
  const keys = async () => {
    const found: string[] = [];
    for await (const { key } of store.list('')) found.push(key);
    return found;
  };

  it('before the store begins to read is refused, and the process lives', async () => {
    const coming: { body?: PassThrough } = {};
    const slow: ObjectStore = {
      ...store,
      put: async (...given) => {
        coming.body?.destroy(new Error('Request aborted'));
        if (coming.body) await once(coming.body, 'close');
        await new Promise(setImmediate);
        return store.put(...given);
      },
    };
    const begun = begin(slow);
    coming.body = begun.body;
    expect(await begun.stored).toMatchObject({ message: 'Request aborted' });
    expect(await keys()).toEqual([]);
  });

  it.each(
    Array.from({ length: 12 }, (_, turns) =>
      [20_000, 200_000].map((bytes) => [bytes, turns] as const),
    ).flat(),
  )('is refused after %d bytes and %d turns, and not waited for', async (bytes, turns) => {
    const { body, stored } = begin(store, bytes);
    for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
    body.destroy(new Error('Request aborted'));
    expect(await stored).toBeInstanceOf(Error);
    expect(await keys()).toEqual([]);
  });
});
