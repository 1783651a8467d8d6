import { z } from 'zod';
import { defineJob, definePurge } from './define-job.ts';

/** In pixels of the upright photo. */
export const faceBox = z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() });

/** Left eye, right eye, nose, left and right corner of the mouth, in pixels of the upright photo. */
const faceLandmarks = z.array(z.tuple([z.number(), z.number()]));

const faceQuality = z.object({
  /** How much fine detail the aligned face shows. */
  sharpness: z.number(),
  /** The shorter side of the box, in pixels. */
  size: z.number(),
  /** Too soft to be enrolled. */
  blurred: z.boolean(),
  /** How much of the photo's subject it is, 0–1. */
  prominence: z.number(),
});

/** A face as it was found; what is needed to tell it from others is never part of it. */
export const foundFace = z.object({
  box: faceBox,
  landmarks: faceLandmarks,
  /** How sure the detector is, 0–1. */
  score: z.number(),
  quality: faceQuality,
});
export type FoundFace = z.infer<typeof foundFace>;

/** A person of the gallery that a face may be. Names are read where they are shown, so that a new one shows at once. */
const faceMatch = z.object({
  person_id: z.uuid(),
  /** The best cosine of the person's photos, −1 to 1. */
  similarity: z.number(),
  /** Percent: 50 is where a face is given a name. */
  confidence: z.number().min(0).max(100),
});
export type FaceMatch = z.infer<typeof faceMatch>;

const modelId = z.string();

export const recogniseInput = z.object({ photo_id: z.uuid(), object_key: z.string() });

export const recogniseResult = z.object({
  /** Of the upright photo, in pixels. */
  width: z.int().positive(),
  height: z.int().positive(),
  /** The most prominent first, each with its best three. */
  faces: z.array(foundFace.extend({ matches: z.array(faceMatch).max(3) })),
  model_id: modelId,
  /** Persons that the faces were compared with. */
  persons: z.int().nonnegative(),
  processing_time_ms: z.int().nonnegative(),
});
export type RecogniseResult = z.infer<typeof recogniseResult>;

const quick = { attempts: 3, backoff: { baseMs: 500, maxMs: 10_000 }, timeoutMs: 120_000 } as const;

/** The whole of a batch: done when each of its photos, its children, is. */
export const photosBatch = defineJob({
  name: 'photos.batch',
  queue: 'face-recognizer',
  input: z.object({ batch_id: z.string() }),
  result: z.object({}),
  ...quick,
  priority: 'interactive',
});

export const photosRecognise = defineJob({
  name: 'photos.recognise',
  queue: 'face-recognizer',
  input: recogniseInput,
  result: recogniseResult,
  ...quick,
  priority: 'interactive',
});

/** A face among several: by its place, the most prominent being 0. */
const chosenFace = z.int().nonnegative().nullable();

export const enrolInput = z.object({ photo_id: z.uuid(), object_key: z.string(), face: chosenFace });

/** Keeps a person's face; fails with `no_face`, `several_faces`, `no_such_face` or `blurred`. */
export const facesEnrol = defineJob({
  name: 'faces.enrol',
  queue: 'face-recognizer',
  input: enrolInput,
  result: foundFace.extend({ model_id: modelId }),
  ...quick,
  priority: 'interactive',
});

export const verifyResult = z.object({
  same: z.boolean(),
  confidence: z.number().min(0).max(100),
  similarity: z.number(),
  /** The most prominent face of each photo: those that were compared. */
  faces: z.tuple([foundFace, foundFace]),
  /** Faces of each photo. */
  face_counts: z.tuple([z.int(), z.int()]),
  model_id: modelId,
});

/** Are these two the same person? The photos are gone afterwards. */
export const facesVerify = defineJob({
  name: 'faces.verify',
  queue: 'face-recognizer',
  input: z.object({ object_keys: z.tuple([z.string(), z.string()]), threshold: z.number() }),
  result: verifyResult,
  ...quick,
  priority: 'interactive',
});

/** One face of a batch. */
const faceOfPhoto = z.object({ photo_id: z.uuid(), face: z.int().nonnegative() });

export const groupResult = z.object({
  groups: z.array(
    z.object({
      /** Stays the same for as long as the group's first face does. */
      id: z.string(),
      faces: z.array(faceOfPhoto),
    }),
  ),
});
export type GroupResult = z.infer<typeof groupResult>;

/** Puts those faces of a batch together that nobody knows and that are the same person's. */
export const photosGroup = defineJob({
  name: 'photos.group',
  queue: 'face-recognizer',
  /** `basis` stands for the faces that were unknown when it was asked for. */
  input: z.object({ batch_id: z.string(), basis: z.string() }),
  result: groupResult,
  ...quick,
  priority: 'interactive',
});

/** Describes every face of an owner's gallery anew that was described by other models. */
export const facesReembed = defineJob({
  name: 'faces.reembed',
  queue: 'face-recognizer',
  /** The model it is for; null for whichever the worker has. */
  input: z.object({ model_id: modelId.nullable() }),
  result: z.object({
    model_id: modelId,
    embedded: z.int().nonnegative(),
    /** Photos in which the model found no face where there was one; they count no more. */
    lost: z.int().nonnegative(),
  }),
  attempts: 10,
  backoff: { baseMs: 5_000, maxMs: 300_000 },
  timeoutMs: 6 * 3_600_000,
  priority: 'bulk',
});

/** Removes the photos of a deleted batch or person, or of a batch that is old enough. */
export const photosPurge = definePurge('photos.purge', 'face-recognizer');
