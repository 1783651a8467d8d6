import type { ModelFileOptions } from './model-files.ts';

export interface FaceEngineOptions extends ModelFileOptions {
  /** `default`, `opencv`, or the path of a JSON file of one's own; see models/README.md. */
  readonly modelSet: string;
  /** Photos that are worked on at a time, each on a core of its own; at least 1. */
  readonly threads: number;
  /** Says that models whose licence forbids commerce may be used. */
  readonly allowNonCommercial?: boolean | undefined;
}
