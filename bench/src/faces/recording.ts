import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { decodeImage } from '@mediaworks/media/decode';
import { describePhoto, type Models } from '@mediaworks/face-recognizer/engine/describe-photo';
import { createDetector } from '@mediaworks/face-recognizer/engine/detector';
import { createEmbedder } from '@mediaworks/face-recognizer/engine/embedder';
import { createLandmarkFinder } from '@mediaworks/face-recognizer/engine/landmarks';
import { readModelFile } from '@mediaworks/face-recognizer/engine/model-files';
import { type ModelFile, readModelSet } from '@mediaworks/face-recognizer/engine/model-set';
import { type OnnxSession, openOnnx } from '@mediaworks/face-recognizer/engine/onnx-session';
import { createPyramids } from '@mediaworks/face-recognizer/engine/pyramid';

/** A run of a model, with what it was asked at the time. */
export type Run = () => Promise<unknown>;

export interface Recording {
  readonly models: Models;
  /** Describes a photo once. @returns what the models were asked, so that the same can be asked without anything between */
  runsOf(path: string): Promise<Run[]>;
  close(): Promise<void>;
}

/** The default set, once as it is and once so that it remembers what it was asked; both run the same sessions. */
export async function openRecording(): Promise<Recording> {
  const set = await readModelSet('default', false);
  if (!set.landmarks) throw new Error('the default set has a model of landmarks');
  const open = async (file: ModelFile) => openOnnx(await readModelFile(file, {}));
  const [detector, landmarks, embedder] = await Promise.all(
    [set.detector, set.landmarks, set.embedder].map(({ file }) => open(file)),
  );
  if (!detector || !landmarks || !embedder) throw new Error('three were opened');
  const runs: Run[] = [];
  const remember = (session: OnnxSession): OnnxSession => ({
    ...session,
    run: (data, shape) => {
      const asked = data.slice();
      runs.push(() => session.run(asked, shape));
      return session.run(data, shape);
    },
  });
  const using = (wrap: (session: OnnxSession) => OnnxSession): Models => ({
    pyramids: createPyramids(set.detector),
    detector: createDetector(wrap(detector), set.detector),
    landmarks: createLandmarkFinder(wrap(landmarks)),
    embedder: createEmbedder(wrap(embedder), set.embedder),
    sharpness: set.sharpness,
  });
  const recording = using(remember);
  return {
    models: using((session) => session),
    async runsOf(path) {
      const { signal } = new AbortController();
      await describePhoto(recording, await decodeImage(path, { signal }), { signal });
      return runs.splice(0);
    },
    async close() {
      for (const session of [detector, landmarks, embedder]) await session.close();
    },
  };
}

/** The decoding that one would write who has nothing else to do with a photo. */
export async function decodeBare(path: string): Promise<void> {
  await sharp(await readFile(path))
    .raw()
    .toBuffer();
}
