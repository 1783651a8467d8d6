import { createDetector } from './detector.ts';
import type { Models } from './describe-photo.ts';
import { createEmbedder } from './embedder.ts';
import { createLandmarkFinder } from './landmarks.ts';
import type { ModelSet } from './model-set.ts';
import { type OnnxSession, openOnnx } from './onnx-session.ts';
import { createPyramids } from './pyramid.ts';

/** A set with the verified bytes of its files. */
export interface LoadedSet {
  readonly set: ModelSet;
  readonly detector: Uint8Array;
  readonly landmarks: Uint8Array | undefined;
  readonly embedder: Uint8Array;
}

/** Opens the models of a set, in this thread. */
export async function openModels(loaded: LoadedSet): Promise<Models & { close(): Promise<void> }> {
  const { set } = loaded;
  const sessions: OnnxSession[] = [];
  const open = async (bytes: Uint8Array) => {
    const session = await openOnnx(bytes);
    sessions.push(session);
    return session;
  };
  const detector = createDetector(await open(loaded.detector), set.detector);
  const landmarks = loaded.landmarks && createLandmarkFinder(await open(loaded.landmarks));
  const embedder = createEmbedder(await open(loaded.embedder), set.embedder);
  return {
    ...{ pyramids: createPyramids(set.detector), detector, landmarks, embedder, sharpness: set.sharpness },
    close: async () => {
      for (const session of sessions) await session.close();
    },
  };
}
