export interface FaceEngineOptions {
  /** `default`, `opencv`, or the path of a JSON file of one's own; see models/README.md. */
  readonly modelSet: string;
  /** Where the files of a set lie that come from no package. */
  readonly modelDir?: string | undefined;
  /** Photos that are worked on at a time, each on a core of its own; at least 1. */
  readonly threads: number;
  /** Says that models whose licence forbids commerce may be used. */
  readonly allowNonCommercial?: boolean | undefined;
}
