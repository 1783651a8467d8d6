import { parentPort } from 'node:worker_threads';
import { createEmbedder } from '../embedder.ts';
import { readModelFile } from '../model-files.ts';
import { readModelSet } from '../model-set.ts';
import { openOnnx } from '../onnx-session.ts';

/**
 * Describes synthetic faces by the default set and says their embeddings: the first alone, then nine in one run. A
 * thread of its own, since the runtime does not know the arrays that jest gives to tests.
 */
const { embedder } = await readModelSet('default', false);
const session = await openOnnx(await readModelFile(embedder.file, {}));
const { embed } = createEmbedder(session, embedder);
const face = (n: number) =>
  Uint8Array.from({ length: 112 * 112 * 3 }, (_, at) => 127.5 + 100 * Math.sin(at * 0.01 + n));
const embedded = [...(await embed([face(0)])), ...(await embed([0, 1, 2, 0, 1, 2, 0, 1, 2].map(face)))];
await session.close();
parentPort?.postMessage(embedded.map(({ embedding }) => embedding));
