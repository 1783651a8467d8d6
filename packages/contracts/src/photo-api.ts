import { z } from 'zod';
import { faceBox, foundFace } from './face-recognizer.ts';
import { jobStatus } from './job-view.ts';

export const MAX_BATCH_PHOTOS = 100;
/** What a face is called that nobody knows. */
export const UNKNOWN_PERSON = 'Unknown';
/** Percent: the confidence from which a face is given a name. */
export const DEFAULT_THRESHOLD = 50;

const percent = z.number().min(0).max(100);
const timestamp = z.iso.datetime();
/** As the clients of old know it: microseconds, UTC without saying so. */
const logTime = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
const success = z.literal(true);

/** Over the photos that are done. */
export const batchSummary = z.object({
  total_photos: z.int().nonnegative(),
  recognized_count: z.int().nonnegative(),
  unrecognized_count: z.int().nonnegative(),
  /** Percent of the photos that are done. */
  recognition_rate: percent,
  unique_persons: z.int().nonnegative(),
  persons_list: z.array(z.string()),
  /** Of the recognised photos; 0 when there are none. */
  avg_confidence: percent,
});
export type BatchSummary = z.infer<typeof batchSummary>;

/** Of a batch: `processing` until no photo has anything left to do. */
export const batchStatus = z.enum(['processing', 'completed', 'cancelled']);

export const batchAnswer = z.object({
  success,
  batch_id: z.string(),
  total_uploaded: z.int().nonnegative(),
  total_processed: z.int().nonnegative(),
  summary: batchSummary,
  message: z.string(),
  log_url: z.string(),
  status: batchStatus,
  /** Null when no photo was worth looking at. */
  job_id: z.uuid().nullable(),
});
export type BatchAnswer = z.infer<typeof batchAnswer>;

const rankedMatch = z.object({ rank: z.int().min(1).max(3), person: z.string(), confidence: percent });

const entryFace = foundFace.extend({
  recognized: z.boolean(),
  person: z.string(),
  confidence: percent.nullable(),
  top_3_matches: z.array(rankedMatch).max(3),
});

/** One photo of a batch. */
export const batchEntry = z.object({
  timestamp: logTime,
  batch_id: z.string(),
  filename: z.string(),
  domain: z.string(),
  recognized: z.boolean(),
  /** The most prominent face that was recognised. */
  primary_result: z.object({ person: z.string(), confidence: percent.nullable() }),
  /** Of that face, or else of the most prominent one. */
  top_3_matches: z.array(rankedMatch).max(3),
  metadata: z.object({
    face_count: z.int().nonnegative(),
    processing_time_ms: z.int().nonnegative(),
    has_multiple_faces: z.boolean(),
  }),
  status: jobStatus,
  /** Why the photo could not be looked at. */
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  faces: z.array(entryFace),
});
export type BatchEntry = z.infer<typeof batchEntry>;

export const batchLog = z.object({
  success,
  batch_id: z.string(),
  total_photos: z.int().nonnegative(),
  summary: batchSummary,
  entries: z.array(batchEntry),
  status: batchStatus,
});

export const batchList = z.object({
  success,
  /** Of this answer. */
  total: z.int().nonnegative(),
  /** Of all there are. */
  total_available: z.int().nonnegative(),
  batches: z.array(
    z.object({
      batch_id: z.string(),
      total_photos: z.int().nonnegative(),
      summary: batchSummary,
      created_at: logTime,
      status: batchStatus,
    }),
  ),
});

export const said = z.object({ success, message: z.string() });

/** A number as addresses and forms hold it. Nothing at all is none: JavaScript would take it for 0. */
const written = <T extends z.ZodType>(number: T) =>
  z.preprocess((value) => (typeof value === 'string' && value.trim() === '' ? NaN : value), number);

/** The threshold may stand in the form or in the address. */
export const batchFields = z.object({ threshold: written(z.coerce.number().min(0).max(100)).optional() });

/** Which face of a photo is meant, the most prominent being 0; in the address. */
export const chosenFace = z.object({ face: written(z.coerce.number().int().min(0).max(10_000)).optional() });

export const personName = z
  .string()
  .normalize('NFC')
  .trim()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]+$/u, 'expected a name on one line')
  .refine(
    (name) => name.toLowerCase() !== UNKNOWN_PERSON.toLowerCase(),
    `nobody is called ${UNKNOWN_PERSON}: answers say that of whoever is not known`,
  );

export const personBody = z.object({ name: personName });
export const mergeBody = z.object({ from: z.uuid().toLowerCase() });

export const person = z
  .object({
    id: z.uuid(),
    name: z.string(),
    photo_count: z.int().nonnegative(),
    created_at: timestamp,
    photos: z.array(z.object({ id: z.uuid(), created_at: timestamp, score: z.number() })),
  })
  .meta({ id: 'Person' });
export type Person = z.infer<typeof person>;

export const personList = z.object({
  success,
  total: z.int().nonnegative(),
  next_cursor: z.string().nullable(),
  persons: z.array(person),
});

export const enrolled = foundFace
  .pick({ box: true, landmarks: true, quality: true, score: true })
  .extend({ id: z.uuid(), person_id: z.uuid() });

/** The work goes on: follow the job. */
export const stillWorking = z.object({
  success,
  status: z.literal('processing'),
  message: z.string(),
  job_id: z.uuid(),
});

export const verified = z.object({
  success,
  same: z.boolean(),
  confidence: percent,
  similarity: z.number(),
  /** The face that was compared of each photo. */
  faces: z.array(foundFace.extend({ photo: z.int().min(1).max(2), face_count: z.int().positive() })),
});

export const unknownGroups = z.object({
  success,
  groups: z.array(
    z.object({
      id: z.string(),
      count: z.int().positive(),
      faces: z.array(z.object({ filename: z.string(), box: faceBox })),
    }),
  ),
});

/** All that is kept of a person. */
export const personExport = z.object({
  success,
  exported_at: timestamp,
  person: person.omit({ photos: true }),
  photos: z.array(
    foundFace.extend({
      id: z.uuid(),
      created_at: timestamp,
      /** Opens the photo for a while. */
      url: z.url(),
      embeddings: z.array(
        z.object({
          model_id: z.string(),
          dimensions: z.int().positive(),
          /** Little-endian 32-bit floats, in Base64. */
          values: z.base64(),
        }),
      ),
    }),
  ),
  /** Photos of batches that the person was recognised on. */
  seen_on: z.array(
    z.object({
      batch_id: z.string(),
      filename: z.string(),
      timestamp: logTime,
      box: faceBox,
      confidence: percent,
    }),
  ),
});

export const photosHealth = z.object({
  status: z.enum(['healthy', 'unhealthy']),
  service: z.literal('batch_photo_recognition'),
  version: z.literal('v1'),
  log_directory_exists: z.boolean(),
  endpoints: z.array(z.string()),
});
