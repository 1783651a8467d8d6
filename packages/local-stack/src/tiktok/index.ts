export { startTiktokDouble, type TiktokDouble } from './double.ts';
export type { Fault } from './faults.ts';
export { type Ingredients, makeProfile } from './profile.ts';
export type { Post, Profile } from './site.ts';
export { bringYtdlp, findYtdlp, type YtdlpSource } from '../ytdlp-binary.ts';
