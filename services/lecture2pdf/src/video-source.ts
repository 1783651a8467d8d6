import type { MediaLimits, MediaProbe } from '@mediaworks/media';

/** A video on this machine, and what is known of it. */
export interface VideoSource {
  readonly path: string;
  readonly probe: MediaProbe;
  readonly limits: Partial<MediaLimits>;
}
