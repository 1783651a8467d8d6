import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
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
  let storage: Server;
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'fetch-file-'));
    storage = createServer((_req, res) => {
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

  /** @param places files in memory at a time; four are fetched at a time */
  const toolsFor = (store: ObjectStore, places: number): FetchTools => {
    const { port } = storage.address() as AddressInfo;
    const courtesy = createCourtesy({ total: 4, perBucket: 4, bytesPerSecond: undefined });
    return {
      buckets: openBuckets({
        ...{ emulatorHost: `127.0.0.1:${port}`, connections: 4, silenceMs: 10_000 },
        accessToken: () => Promise.reject(new Error('an emulator takes any token')),
      }),
      ...{ courtesy, enter: (...args) => courtesy.enter(...args), inMemory: createPlaces(places), store },
      ...{ signal: new AbortController().signal, tries: 1, pauseMs: 1, maxBytes: 1_000 },
    };
  };
  const fetchTen = async (tools: FetchTools) => {
    const each = Array.from({ length: 10 }, (_, n) =>
      fetchFile({ bucket: 'bucket', name: `${n}.jpg` }, `${n}.jpg`, tools),
    );
    const fetched = await Promise.all(each);
    expect(fetched.map(({ head }) => head.size)).toEqual(new Array(10).fill(BYTES.length));
  };

  it('takes in no more than may be in memory while the disk takes none', async () => {
    const files = createLocalStore({ root, signingKey: 'k'.repeat(32) });
    const disk = new EventEmitter();
    const writable = once(disk, 'free');
    let puts = 0;
    const store: ObjectStore = {
      ...files,
      put: async (...args) => {
        puts++;
        await writable;
        return files.put(...args);
      },
    };
    const tools = toolsFor(store, 2);
    const { take } = tools.inMemory;
    const everyConnectionWaits = new Promise<void>((resolve) => {
      let count = 0;
      tools.inMemory.take = (signal) => {
        if (++count === 4) resolve();
        return take(signal);
      };
    });

    const fetched = fetchTen(tools);
    await everyConnectionWaits;
    // Whoever had been let in would have begun before this was answered.
    await fetch(`http://127.0.0.1:${(storage.address() as AddressInfo).port}`);
    expect(puts).toBe(2);

    disk.emit('free');
    await fetched;
  });

  it('takes in the next when one is written, and does not wait until it is in place', async () => {
    const files = createLocalStore({ root, signingKey: 'k'.repeat(32) });
    let written = 0;
    const disk = new EventEmitter();
    const allAreWritten = once(disk, 'all');
    const store: ObjectStore = {
      ...files,
      put: async (...args) => {
        const head = await files.put(...args);
        if (++written === 10) disk.emit('all');
        await allAreWritten;
        return head;
      },
    };
    await fetchTen(toolsFor(store, 1));
  });

  it('asks what a file is while all connections are held by files that do not say it', async () => {
    const large = Buffer.alloc(3_000_000, 'x');
    const md5Hash = createHash('md5').update(large).digest('base64');
    const untold = createServer((req, res) => {
      if (req.url?.includes('alt=media') === true) return void res.writeHead(200).end(large);
      return void res.end(JSON.stringify({ generation: '1', size: String(large.length), md5Hash }));
    });
    await new Promise<void>((resolve) => untold.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = untold.address() as AddressInfo;
      const store = createLocalStore({ root, signingKey: 'k'.repeat(32) });
      const buckets = openBuckets({
        ...{ emulatorHost: `127.0.0.1:${port}`, connections: 4, silenceMs: 10_000 },
        accessToken: () => Promise.reject(new Error('an emulator takes any token')),
      });
      const tools = { ...toolsFor(store, 2), buckets, maxBytes: large.length };
      const names = Array.from({ length: 4 }, (_, n) => `${n}.jpg`);
      const fetched = await Promise.all(
        names.map((name) => fetchFile({ bucket: 'bucket', name }, name, tools)),
      );
      expect(fetched.map(({ head }) => head.size)).toEqual(new Array(4).fill(large.length));
    } finally {
      untold.closeAllConnections();
      await new Promise((resolve) => untold.close(resolve));
    }
  });
});
