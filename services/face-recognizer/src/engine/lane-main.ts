import { parentPort, workerData } from 'node:worker_threads';
import { PermanentError, TransientError } from '@mediaworks/contracts/errors';
import { decodeImage } from '@mediaworks/media/decode';
import { ALIGNED_SIDE } from './align.ts';
import { describePhoto } from './describe-photo.ts';
import type { LaneAnswer, LaneOrder, LaneStart } from './lane-protocol.ts';
import { openModels } from './open-models.ts';

/**
 * A thread with models of its own, that decodes and describes one photo at a time: the runtime's calls hold the thread that makes
 * them. Says when its models are open and warm.
 */
const port = parentPort;
if (!port) throw new Error('This program runs as a thread of the face engine');
const say = (answer: LaneAnswer) => port.postMessage(answer);

const start = workerData as LaneStart;
const models = await openModels(start);
await warmUp();

let current = new AbortController();
port.on('message', (order: LaneOrder) => {
  if (order.kind === 'describe') void describe(order);
  else if (order.kind === 'stop') current.abort(new Error('stopped'));
  else void models.close().then(() => port.close());
});
say({ kind: 'ready' });

async function describe({ path, maxFaces }: LaneOrder & { kind: 'describe' }): Promise<void> {
  current = new AbortController();
  const { signal } = current;
  try {
    const began = performance.now();
    const picture = await decodeImage(path, { signal });
    const decode = performance.now() - began;
    const { times, ...photo } = await describePhoto(models, picture, { signal, maxFaces });
    say({ kind: 'described', photo: { ...photo, times: { decode, ...times } } });
  } catch (error) {
    say(signal.aborted ? { kind: 'stopped' } : answerOf(error));
  }
}

/** Errors lose their class on the way to another thread. */
function answerOf(error: unknown): LaneAnswer {
  if (error instanceof PermanentError) return { kind: 'refused', code: error.code, message: error.message };
  const code = error instanceof TransientError ? error.code : 'engine_failed';
  return { kind: 'failed', code, message: error instanceof Error ? error.message : String(error) };
}

/** The first runs make plans and take memory. */
async function warmUp(): Promise<void> {
  const { width, height } = models.detector.spec;
  const picture = { data: new Uint8Array(width * height * 3).fill(127), width, height };
  await models.detector.detect({ picture, x: 0, y: 0 }, 0.99);
  await models.landmarks?.find(models.pyramids.of(picture), [
    { centre: [width / 2, height / 2], side: height / 2, roll: 0 },
  ]);
  await models.embedder.embed([new Uint8Array(ALIGNED_SIDE * ALIGNED_SIDE * 3).fill(127)]);
}
