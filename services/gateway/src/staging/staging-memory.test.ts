import { request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, test } from '@jest/globals';
import { lectureAccepted, lectureDetail, stagedUploadView } from '@mediaworks/contracts';
import { mediaClient } from '../media/testing/media-client.ts';
import { tokenOf } from '../media/testing/media-stage.ts';
import { mp4 } from '../media/testing/samples.ts';
import { startGatewayProcess } from '../testing/gateway-process.ts';

const MB = 2 ** 20;
const CHUNKS = 8;
const CHUNK_BYTES = 25 * MB;
const SIZE = CHUNKS * CHUNK_BYTES;

test('200 MB in pieces add no more than 60 MB to a gateway’s memory, by chunks or by tus', async () => {
  const gateway = await startGatewayProcess();
  try {
    const anna = mediaClient(gateway.url, tokenOf('anna'));
    const chunk = mp4(CHUNK_BYTES);
    const byChunks = async (count: number, file_id: string) => {
      for (let i = 0; i < count; i++) {
        const fields = { chunk_index: String(i), total_chunks: String(count), file_id };
        expect((await anna.uploadTo('/upload-chunk', { name: 'chunk', bytes: chunk }, fields)).status).toBe(
          200,
        );
      }
      const body = { file_id, total_chunks: count, original_filename: 'long.mp4' };
      const { video_id } = lectureAccepted.parse((await anna.postJson('/assemble-file', body)).body);
      const { file_size } = lectureDetail.parse((await anna.get(`/status/${video_id}`)).body);
      expect(file_size).toBe(count * CHUNK_BYTES);
    };
    // What the first requests of all load and compile is not the upload's.
    await byChunks(1, 'first');
    await byTus(gateway.url, MB);
    expect(await gateway.growth(() => byChunks(CHUNKS, 'second'))).toBeLessThan(60);
    expect(await gateway.growth(() => byTus(gateway.url, SIZE))).toBeLessThan(60);
  } finally {
    await gateway.stop();
  }
}, 120_000);

/** One long PATCH, made while it is sent. */
async function byTus(base: string, size: number): Promise<void> {
  const headers = { authorization: `Bearer ${await tokenOf('bert')}`, 'tus-resumable': '1.0.0' };
  const created = await fetch(`${base}/uploads`, {
    method: 'POST',
    headers: { ...headers, 'upload-length': String(size) },
  });
  const id = created.headers.get('location')?.split('/').at(-1) ?? '';
  const req = request(new URL(`/uploads/${id}`, base), {
    method: 'PATCH',
    headers: {
      ...headers,
      'upload-offset': '0',
      'content-type': 'application/offset+octet-stream',
      'content-length': size,
    },
  });
  const megabyte = mp4(MB);
  const body = function* () {
    for (let sent = 0; sent < size; sent += MB) yield megabyte;
  };
  const answered = new Promise<number | undefined>((resolve, reject) => {
    req.on('response', (res) => resolve(res.resume().statusCode)).on('error', reject);
  });
  await pipeline(Readable.from(body()), req);
  expect(await answered).toBe(204);
  const told = await fetch(`${base}/uploads/${id}`, { headers });
  expect(stagedUploadView.parse(await told.json())).toMatchObject({ status: 'completed', offset: size });
}
