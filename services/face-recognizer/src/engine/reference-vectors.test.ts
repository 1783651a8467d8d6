import { runInThisContext } from 'node:vm';
import { expect, test } from '@jest/globals';

// The runtime takes arrays of its own realm alone; jest gives tests another.
globalThis.Float32Array = runInThisContext('Float32Array') as typeof Float32Array;

test('a synthetic tensor gives the default embedder’s reference vector, alone and among others in one run', async () => {
  const [{ createEmbedder, cosine }, { readModelFile }, { readModelSet }, { openOnnx }] = await Promise.all([
    import('./embedder.ts'),
    import('./model-files.ts'),
    import('./model-set.ts'),
    import('./onnx-session.ts'),
  ]);
  const { embedder } = await readModelSet('default', false);
  const session = await openOnnx(await readModelFile(embedder.file, {}));
  const face = (n: number) =>
    Float32Array.from({ length: 112 * 112 * 3 }, (_, at) => 127.5 + 100 * Math.sin(at * 0.01 + n));
  const { embed } = createEmbedder(session, embedder);
  const [alone] = await embed([face(0)]);
  const among = await embed([0, 1, 2, 0, 1, 2, 0, 1, 2].map(face));
  await session.close();
  if (!alone) throw new Error('no embedding');
  expect([...alone.embedding.subarray(0, 4)]).toEqual([0, 0, 0, 0].map((value) => expect.closeTo(value, 4)));
  expect(among).toHaveLength(9);
  for (const [n, { embedding }] of among.entries()) {
    if (n % 3 === 0) expect(cosine(embedding, alone.embedding)).toBeCloseTo(1, 5);
    else expect(cosine(embedding, alone.embedding)).toBeLessThan(0.99);
  }
});
