import type { FaceEngineOptions } from './engine-options.ts';
import type { FaceEngine } from './face.ts';
import { openLanes } from './lanes.ts';
import { readModelFile } from './model-files.ts';
import { modelIdOf, readModelSet } from './model-set.ts';

/**
 * Opens the models of a set, verified and warm, each thread its own. Photos are decoded and described there: no pixels
 * go from one thread to another, and the calling one stays free.
 * @throws Error that says what is wrong with the set: unknown, a file missing or another than was meant, a licence that
 * forbids commerce and was not agreed to, a model that cannot be opened
 */
export async function openFaceEngine(options: FaceEngineOptions): Promise<FaceEngine> {
  const set = await readModelSet(options.modelSet, options.allowNonCommercial ?? false);
  const [detector, landmarks, embedder] = await Promise.all([
    readModelFile(set.detector.file, options),
    set.landmarks && readModelFile(set.landmarks.file, options),
    readModelFile(set.embedder.file, options),
  ]);
  const lanes = await openLanes(options.threads, { set, detector, landmarks, embedder });
  const { slope, offset, floor } = set.calibration;
  return {
    modelId: modelIdOf(set),
    dimensions: set.embedder.dimensions,
    calibration: { slope, offset, floor },
    analyse: lanes.describe,
    close: lanes.close,
  };
}
