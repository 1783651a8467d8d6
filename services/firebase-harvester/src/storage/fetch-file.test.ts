import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLocalStore, type ObjectStore } from '@mediaworks/storage';
import { openBuckets } from './buckets.ts';
import { createCourtesy, createPlaces } from './courtesy.ts';
import { fetchFile, type FetchTools } from './fetch-file.ts';

const BYTES = Buffer.from('a photo');
const headers = {
  'x-goog-generation': '1',
  'x-goog-hash': `md5=${createHash('md5').update(BYTES).digest('base64')}`,
  'content-type': 'image/jpeg',
  'content-length': BYTES.length,
};

describe('fetching a file', () => {
  const asked = new EventEmitter();
  let storage: Server;
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'fetch-file-'));
    storage = createServer((_req, res) => {
      asked.emit('file');
      res.writeHead(200, headers).end(BYTES);
    });
    await new Promise<void>((resolve) => storage.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    await new Promise((resolve) => {
      storage.close(resolve);
      storage.closeAllConnections();
    });
    await rm(root, { recursive: true });
  });

  it('asks for no more than may be in memory while the disk takes none', async () => {
    const files = createLocalStore({ root, signingKey: 'k'.repeat(32) });
    let free = (): void => undefined;
    const disk = new Promise<void>((resolve) => (free = resolve));
    const store: ObjectStore = {
      ...files,
      put: async (...args) => {
        const head = await files.put(...args);
        await disk;
        return head;
      },
    };
    const { port } = storage.address() as AddressInfo;
    const courtesy = createCourtesy({ total: 4, perBucket: 4, bytesPerSecond: undefined });
    const inMemory = createPlaces(6);
    let waiting = 0;
    const everyoneIsIn = new Promise<void>((resolve) => {
      const { take } = inMemory;
      inMemory.take = (signal) => {
        if (++waiting === 10) resolve();
        return take(signal);
      };
    });
    const tools: FetchTools = {
      buckets: openBuckets({
        ...{ emulatorHost: `127.0.0.1:${port}`, connections: 4, silenceMs: 10_000 },
        accessToken: () => Promise.reject(new Error('an emulator takes any token')),
      }),
      ...{ courtesy, enter: (...args) => courtesy.enter(...args), inMemory, store },
      ...{ signal: new AbortController().signal, tries: 1, pauseMs: 1, maxBytes: 1_000 },
    };
    let count = 0;
    const six = new Promise<void>((resolve) => {
      asked.on('file', () => {
        if (++count === 6) resolve();
      });
    });

    const fetched = Array.from({ length: 10 }, (_, n) =>
      fetchFile({ bucket: 'bucket', name: `${n}.jpg` }, `${n}.jpg`, tools),
    );
    await six;
    // The six have given back their downloads: four wait for memory alone.
    await everyoneIsIn;
    // Had one of them asked, it would have been heard before this.
    await fetch(`http://127.0.0.1:${port}`);
    expect(count).toBe(7);

    free();
    const heads = await Promise.all(fetched);
    expect(heads.map(({ head }) => head.size)).toEqual(new Array(10).fill(BYTES.length));
  });
});
