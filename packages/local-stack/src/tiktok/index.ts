export { startTiktokDouble, type TiktokDouble } from './double.ts';
export type { Fault } from './faults.ts';
export { type Ingredients, makeProfile } from './profile.ts';
export type { Post, Profile } from './site.ts';
