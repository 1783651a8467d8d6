import { request } from 'node:http';
import { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { expect, test } from '@jest/globals';
import { mediaItem } from '@mediaworks/contracts';
import { startGatewayProcess } from '../testing/gateway-process.ts';
import { handmade } from './testing/media-client.ts';
import { tokenOf } from './testing/media-stage.ts';
import { mp4 } from './testing/samples.ts';

const MB = 2 ** 20;
const SIZE = 100 * MB;

test('100 MB add no more than 60 MB to a gateway’s memory', async () => {
  const gateway = await startGatewayProcess();
  try {
    const token = await tokenOf('anna');
    // What the first request of all loads and compiles is not the upload's.
    await upload(gateway.url, token, MB);
    const growth = await gateway.growth(async () => {
      expect(mediaItem.parse(await upload(gateway.url, token, SIZE)).file_size).toBe(SIZE);
    });
    expect(growth).toBeLessThan(60);
  } finally {
    await gateway.stop();
  }
}, 60_000);

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
