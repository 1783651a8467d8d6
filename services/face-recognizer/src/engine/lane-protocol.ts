import type { Described } from './describe-photo.ts';
import type { LoadedSet } from './open-models.ts';

/** What a lane is started with. */
export type LaneStart = LoadedSet;

/** What it is told. */
export type LaneOrder =
  | {
      readonly kind: 'describe';
      readonly data: Uint8Array;
      readonly width: number;
      readonly height: number;
      readonly maxFaces: number | undefined;
    }
  /** Stop with the photo that is being worked on. */
  | { readonly kind: 'stop' }
  | { readonly kind: 'close' };

/** What it says: once that it is ready, then one answer to each photo. */
export type LaneAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'described'; readonly photo: Described }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly message: string };
