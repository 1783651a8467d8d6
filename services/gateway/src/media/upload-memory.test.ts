import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { expect, test } from '@jest/globals';
import { mediaItem } from '@mediaworks/contracts';
import { handmade } from './testing/media-client.ts';
import { openMediaGround, tokenOf } from './testing/media-stage.ts';
import { mp4 } from './testing/samples.ts';

const MB = 2 ** 20;
const SIZE = 100 * MB;

test('100 MB add no more than 60 MB to a gateway’s memory', async () => {
  const ground = await openMediaGround({ LOG_LEVEL: 'info' });
  const main = join(import.meta.dirname, '../../dist/main.js');
  const gateway = spawn(process.execPath, [main], {
    env: ground.source,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const url = await listening(gateway.stdout);
    const token = await tokenOf('anna');
    // What the first request of all loads and compiles is not the upload's.
    await upload(url, token, MB);
    const process = `/proc/${gateway.pid ?? 0}`;
    // 5: forget the highest so far, see proc_pid_clear_refs(5).
    await writeFile(`${process}/clear_refs`, '5');
    const before = await memory(process, 'VmRSS');
    expect(mediaItem.parse(await upload(url, token, SIZE)).file_size).toBe(SIZE);
    // The kernel's own record, so that no peak is missed.
    expect(((await memory(process, 'VmHWM')) - before) / MB).toBeLessThan(60);
  } finally {
    gateway.kill('SIGKILL');
    await ground.drop();
  }
}, 60_000);

async function listening(stdout: Readable): Promise<string> {
  for await (const line of createInterface({ input: stdout })) {
    const { message, url } = JSON.parse(line) as { message: string; url?: string };
    if (message === 'listening' && url !== undefined) return url;
  }
  throw new Error('the gateway ended before it listened');
}

/** Sends a video of so many bytes, made while it is sent. */
async function upload(url: string, token: string, size: number): Promise<unknown> {
  const megabyte = mp4(MB);
  const [head = '', end = ''] = handmade('name="file"; filename="long.mp4"', Buffer.from('|'))
    .toString()
    .split('|');
  const body = function* () {
    yield Buffer.from(head);
    for (let sent = 0; sent < size; sent += MB) yield megabyte;
    yield Buffer.from(end);
  };
  const req = request(new URL('/api/media/upload/', url), {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'multipart/form-data; boundary=x',
      'content-length': head.length + size + end.length,
    },
  });
  const answered = new Promise<unknown>((resolve, reject) => {
    req.on('response', (res) => void json(res).then(resolve, reject)).on('error', reject);
  });
  await pipeline(Readable.from(body()), req);
  return answered;
}

async function memory(process: string, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`${process}/status`, 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1_024;
}
