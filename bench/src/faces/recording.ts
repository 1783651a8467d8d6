import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import type { Models } from '@mediaworks/face-recognizer/engine/describe-photo';
import { createDetector } from '@mediaworks/face-recognizer/engine/detector';
import { createEmbedder } from '@mediaworks/face-recognizer/engine/embedder';
import { createLandmarkFinder } from '@mediaworks/face-recognizer/engine/landmarks';
import { readModelFile } from '@mediaworks/face-recognizer/engine/model-files';
import { type ModelFile, readModelSet } from '@mediaworks/face-recognizer/engine/model-set';
import { type OnnxSession, openOnnx } from '@mediaworks/face-recognizer/engine/onnx-session';
import { createPyramids } from '@mediaworks/face-recognizer/engine/pyramid';

export type Run = () => Promise<unknown>;

/** Models, and what they were asked since the list was last emptied. */
export interface Recording {
  readonly models: Models;
  readonly runs: Run[];
  close(): Promise<void>;
}

/** Models that remember what they were asked, so that the same can be asked again without anything between. */
export async function recordingModels(): Promise<Recording> {
  const set = await readModelSet('default', false);
  const runs: Run[] = [];
  const sessions: OnnxSession[] = [];
  const open = async (file: ModelFile): Promise<OnnxSession> => {
    const session = await openOnnx(await readModelFile(file, {}));
    sessions.push(session);
    return {
      ...session,
      run: (data, shape) => {
        // What is in it does not matter for its time, and a copy would take some.
        runs.push(() => session.run(data, shape));
        return session.run(data, shape);
      },
    };
  };
  if (!set.landmarks) throw new Error('the default set has a model of landmarks');
  const models: Models = {
    pyramids: createPyramids(),
    detector: createDetector(await open(set.detector.file), set.detector),
    landmarks: createLandmarkFinder(await open(set.landmarks.file)),
    embedder: createEmbedder(await open(set.embedder.file), set.embedder),
    sharpness: set.sharpness,
  };
  return {
    models,
    runs,
    close: async () => {
      for (const session of sessions) await session.close();
    },
  };
}

/** The decoding that one would write who has nothing else to do with a photo. */
export async function decodeBare(path: string): Promise<void> {
  await sharp(await readFile(path))
    .raw()
    .toBuffer();
}
