export type { KeptVideo, VideoFacts, VideoFiles, VideoKeeper } from './keeper.ts';
export { keeperEnv, keeperProblems, openKeeper } from './open-keeper.ts';
