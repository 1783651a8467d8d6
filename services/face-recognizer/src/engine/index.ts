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
export { createGallery, type Gallery, type GalleryEntry, type GalleryMatch } from './gallery.ts';
export { groupUnknowns, type UnknownFace } from './group-unknowns.ts';
export { openFaceEngine } from './open-face-engine.ts';
