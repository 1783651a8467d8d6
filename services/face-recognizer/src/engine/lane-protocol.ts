import type { PhotoFaces } from './face.ts';
import type { LoadedSet } from './open-models.ts';

/** What a lane is started with. */
export type LaneStart = LoadedSet;

/** What it is told. */
export type LaneOrder =
  | {
      readonly kind: 'describe';
      /** Of the photo. */
      readonly path: string;
      readonly maxFaces: number | undefined;
    }
  /** Stop with the photo that is being worked on. */
  | { readonly kind: 'stop' }
  | { readonly kind: 'close' };

/** What it says: once that it is ready, then one answer to each photo. */
export type LaneAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'described'; readonly photo: PhotoFaces }
  | { readonly kind: 'stopped' }
  /** The photo is to blame, as `decodeImage` says. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };
