import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errorCode } from '@mediaworks/runtime';
import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected a sha256 in hex');

/** One file of a set: in an npm package that is installed, or in MODEL_DIR, where it is fetched to if it has a URL. */
const modelFile = z
  .strictObject({
    sha256,
    /** Of an npm package, with `path` inside of it. */
    package: z.string().optional(),
    path: z.string().optional(),
    /** Its name in the folder. */
    name: z
      .string()
      .regex(/^\w[\w.-]*$/, 'expected the name of a file')
      .optional(),
    url: z.url().optional(),
  })
  .refine(
    (file) => (file.package === undefined) === (file.path === undefined),
    'package and path go together',
  )
  .refine(
    (file) => (file.package === undefined) !== (file.name === undefined),
    'expected package and path, or name',
  );
export type ModelFile = z.infer<typeof modelFile>;

/** How bytes become the numbers that a model takes: (value − mean) / scale, its channels in this order. */
const numbers = {
  channels: z.enum(['rgb', 'bgr']),
  mean: z.number(),
  scale: z.number().positive(),
};

const detector = z.strictObject({
  ...numbers,
  file: modelFile,
  /** `rfb`: Ultra-Light-Fast RFB with decoded boxes. `yunet`: OpenCV's, which finds five points as well. */
  kind: z.enum(['rfb', 'yunet']),
  /** Of its input, in pixels. */
  width: z.int().min(32).max(4096),
  height: z.int().min(32).max(4096),
  /** Least score of a face. */
  threshold: z.number().min(0.05).max(0.99),
  /** Of two boxes that overlap by more than this (intersection over union), the better one is the face. */
  overlap: z.number().min(0.05).max(0.95),
  /** Height of the smallest face that it finds reliably, in pixels of its input. */
  smallest: z.number().min(4).max(200),
});
export type DetectorSpec = z.infer<typeof detector>;

/** `grey64x68`: a 64 × 64 grey square in, 68 points of the iBUG scheme out, as fractions of its side. */
const landmarks = z.strictObject({ file: modelFile, kind: z.literal('grey64x68') });
export type LandmarkSpec = z.infer<typeof landmarks>;

/** An aligned face of 112 × 112 in, an embedding out. */
const embedder = z
  .strictObject({
    ...numbers,
    file: modelFile,
    dimensions: z.int().min(16).max(4096),
    /**
     * What tells faces from what only looks like one to the detector: a logistic regression, whose evidence for a face is
     * above 0. Without these figures the detector is asked again about all.
     */
    faces: z
      .strictObject({
        /** Length of an embedding before it is normalised: below this there is no face. */
        least: z.number().nonnegative(),
        /** And from this on there is one, where nothing speaks against it. */
        sure: z.number().positive(),
        /** Evidence of the embedding alone from which that holds. */
        clear: z.number(),
        /** Weights of the numbers of an embedding of length 1: signed bytes, one each, in base64. */
        direction: z.base64(),
        /** Of one step of a weight. */
        scale: z.number().positive(),
        offset: z.number(),
        /** Weight of the cosine with its mirror image. */
        mirrored: z.number().nonnegative(),
        /** Weight of the mean logit of what the detector scores at further looks. */
        confirmed: z.number().nonnegative(),
        /** What the others must outweigh where it took a second look to find it. */
        doubtful: z.number().nonnegative(),
      })
      .optional(),
  })
  .refine(
    ({ dimensions, faces }) => !faces || Buffer.from(faces.direction, 'base64').length === dimensions,
    'faces.direction has no weight for each of the dimensions',
  );
export type EmbedderSpec = z.infer<typeof embedder>;

const modelSet = z
  .strictObject({
    $schema: z.string().optional(),
    /** Stored with every embedding, with a mark of the embedder. */
    id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,60}$/, 'expected a short name such as default'),
    licence: z.strictObject({
      name: z.string().min(1),
      /** False where the licence of any file forbids commerce. */
      commercial: z.boolean(),
      note: z.string().optional(),
    }),
    detector,
    landmarks: landmarks.optional(),
    embedder,
    calibration: z.strictObject({
      slope: z.number().positive(),
      offset: z.number(),
      floor: z.number().min(-1).max(1),
      /** What the figures were fitted on, or that they were not. */
      note: z.string().optional(),
    }),
    /** Least sharpness of a face that is enrolled. */
    sharpness: z.number().nonnegative(),
  })
  .refine(
    (set) => set.detector.kind === 'yunet' || set.landmarks !== undefined,
    'a detector without points needs a model of landmarks',
  );
export type ModelSet = z.infer<typeof modelSet>;

/** Sets that come with the service; this file is services/face-recognizer/{src,dist}/engine/model-set.*. */
const shipped = fileURLToPath(new URL('../../models/', import.meta.url));

/**
 * Reads a set's description.
 * @param nameOrPath `default`, `opencv`, or the path of a JSON file
 * @throws Error that says what is wrong with it, or that its licence forbids commerce and nobody agreed to that
 */
export async function readModelSet(nameOrPath: string, allowNonCommercial: boolean): Promise<ModelSet> {
  const file = /^[\w-]+$/.test(nameOrPath) ? resolve(shipped, `${nameOrPath}.json`) : resolve(nameOrPath);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Error(`There is no model set ${nameOrPath} (${errorCode(error) ?? 'unknown'})`, {
      cause: error,
    });
  });
  const parsed = modelSet.safeParse(parseJson(text));
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new Error(`The model set ${nameOrPath} is wrong:\n${problems.join('\n')}`);
  }
  const { data } = parsed;
  if (!data.licence.commercial && !allowNonCommercial) {
    throw new Error(
      `The licence of the model set ${data.id} (${data.licence.name}) forbids commerce: it is used only where that is allowed expressly`,
    );
  }
  return data;
}

/**
 * What is stored with each embedding: the set's name and a mark of what makes embeddings comparable, so that another
 * embedder under the same name is another model.
 */
export function modelIdOf({ id, embedder: { file, channels, mean, scale } }: ModelSet): string {
  const mark = createHash('sha256').update(JSON.stringify([file.sha256, channels, mean, scale]));
  return `${id}-${mark.digest('hex').slice(0, 8)}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
