import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect, test } from '@jest/globals';
import { cosine } from './embedder.ts';

test('a synthetic tensor gives the default embedder’s reference vector, alone and among others in one run', async () => {
  const worker = new Worker(fileURLToPath(new URL('testing/reference-main.ts', import.meta.url)), {
    execArgv: ['--import', new URL('../../../../scripts/run-source.mjs', import.meta.url).href],
  });
  const [[alone, ...among]] = (await once(worker, 'message')) as [Float32Array[]];
  if (!alone) throw new Error('no embedding');
  expect([...alone.subarray(0, 4)]).toEqual(
    [0.02331, 0.00963, 0.02202, 0.0009].map((value) => expect.closeTo(value, 4)),
  );
  expect(among).toHaveLength(9);
  for (const [n, embedding] of among.entries()) {
    if (n % 3 === 0) expect(cosine(embedding, alone)).toBeCloseTo(1, 5);
    else expect(cosine(embedding, alone)).toBeLessThan(0.99);
  }
});
