import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { Pool } from 'undici';
import { mediaPath } from './origin.ts';

/**
 * The peers, as a program of its own: reads an order a line, `{ origin, dir, paths, way, concurrency }`, says `done`.
 * - `sequential`: as the seed does it, one file after the other, each held in memory and then written.
 * - `stream`: so many at a time, streamed to disk and nothing else.
 * - `md5`: the same, and each compared with the checksum that the origin tells.
 */
interface Order {
  origin: string;
  dir: string;
  paths: string[];
  way: 'sequential' | 'stream' | 'md5';
  concurrency: number;
}

const fileOf = (dir: string, path: string) => join(dir, path.replaceAll('/', '_'));

async function fetchAll({ origin, dir, paths, way, concurrency }: Order): Promise<void> {
  await mkdir(dir, { recursive: true });
  const pool = new Pool(origin, { connections: concurrency });
  const queue = paths.values();
  const take = async () => {
    for (const path of queue) {
      if (way === 'stream') {
        const asked = { path: mediaPath(path), method: 'GET' } as const;
        await pool.stream(asked, () => createWriteStream(fileOf(dir, path)));
        continue;
      }
      if (way === 'sequential') {
        const { body } = await pool.request({ path: mediaPath(path), method: 'GET' });
        await writeFile(fileOf(dir, path), Buffer.from(await body.arrayBuffer()));
        continue;
      }
      const hash = createHash('md5');
      let told = '';
      await pool.stream({ path: mediaPath(path), method: 'GET' }, ({ headers }) => {
        told = String(headers['x-goog-hash']);
        const target = createWriteStream(fileOf(dir, path));
        return new Writable({
          write(chunk: Buffer, _encoding, done) {
            hash.update(chunk);
            target.write(chunk, done);
          },
          final: (done) => target.end(done),
        });
      });
      if (!told.endsWith(`md5=${hash.digest('base64')}`)) throw new Error(`${path} is broken`);
    }
  };
  await Promise.all(Array.from({ length: way === 'sequential' ? 1 : concurrency }, take));
  await pool.close();
}

console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  await fetchAll(JSON.parse(line) as Order);
  console.log('done');
}
