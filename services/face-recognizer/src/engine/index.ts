export { confidence, cut, similarityAt } from './confidence.ts';
export type { FaceEngineOptions } from './engine-options.ts';
export type {
  AnalyseOptions,
  Calibration,
  Face,
  FaceEngine,
  FaceQuality,
  PhotoFaces,
  StepTimes,
} from './face.ts';
