import { request } from 'node:http';
import { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { expect, test } from '@jest/globals';
import { batchAnswer } from '@mediaworks/contracts';
import { handmade } from '../media/testing/media-client.ts';
import { tokenOf } from '../media/testing/media-stage.ts';
import { png } from '../media/testing/samples.ts';
import { startGatewayProcess } from '../testing/gateway-process.ts';
import { LATER, RECOGNIZE } from './testing/photo-scene.ts';

const MB = 2 ** 20;
const PHOTOS = 100;
/** Each; the whole form is a gigabyte. */
const SIZE = 10 * MB;

test('100 photos of 10 MB add no more than 80 MB to a gateway’s memory', async () => {
  const gateway = await startGatewayProcess();
  try {
    const token = await tokenOf('anna');
    // What the first request of all loads and compiles is not the batch's.
    await bring(gateway.url, token, 1);
    const growth = await gateway.growth(async () => {
      const batch = batchAnswer.parse(await bring(gateway.url, token, PHOTOS));
      // Every photo was taken: none is an entry that is done already, with its error.
      expect(batch).toMatchObject({ total_uploaded: PHOTOS, total_processed: 0 });
    });
    expect(growth).toBeLessThan(80);
  } finally {
    await gateway.stop();
  }
}, 180_000);

/** Sends a batch, made while it is sent. */
async function bring(url: string, token: string, photos: number): Promise<unknown> {
  const photo = Buffer.concat([png], SIZE);
  const header = (n: number) =>
    handmade(`name="photos[]"; filename="${n}.png"`, Buffer.from('|')).toString().split('|')[0] ?? '';
  const body = function* () {
    for (let n = 0; n < photos; n++) {
      yield Buffer.from(n === 0 ? header(n) : `\r\n${header(n)}`);
      for (let at = 0; at < SIZE; at += MB) yield photo.subarray(at, at + MB);
    }
    yield Buffer.from('\r\n--x--\r\n');
  };
  const req = request(new URL(RECOGNIZE, url), {
    method: 'POST',
    headers: {
      ...LATER,
      authorization: `Bearer ${token}`,
      'content-type': 'multipart/form-data; boundary=x',
    },
  });
  const answered = new Promise<unknown>((resolve, reject) => {
    req.on('response', (res) => void json(res).then(resolve, reject)).on('error', reject);
  });
  await pipeline(Readable.from(body()), req);
  return answered;
}
