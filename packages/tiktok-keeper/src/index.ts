export type { KeptVideo, VideoFacts, VideoFiles, VideoKeeper } from './keeper.ts';
export { keeperEnv, openKeeper } from './open-keeper.ts';
