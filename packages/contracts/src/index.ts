import type { z } from 'zod';
import type { JobDefinition } from './define-job.ts';
import { harvestDiscover, harvestUser } from './firebase-harvester.ts';
import {
  facesEnrol,
  facesReembed,
  facesVerify,
  photosBatch,
  photosGroup,
  photosPurge,
  photosRecognise,
} from './face-recognizer.ts';
import { lectureConvert, lecturePurge } from './lecture2pdf.ts';
import { mediaPurge, mediaTranscode } from './media-transcoder.ts';
import { tiktokIngest, tiktokVideo } from './tiktok-ingester.ts';

export * from './define-job.ts';
export * from './errors.ts';
export * from './firebase-harvester.ts';
export * from './harvest-api.ts';
export * from './face-recognizer.ts';
export * from './job-view.ts';
export * from './lecture-api.ts';
export * from './lecture2pdf.ts';
export * from './media-api.ts';
export * from './media-transcoder.ts';
export * from './tiktok-api.ts';
export * from './tiktok-ingester.ts';
export * from './photo-api.ts';

/** Every job type there is. Workers, routes, the queue board, metrics and OpenAPI all iterate it. */
const definitions = [
  mediaTranscode,
  mediaPurge,
  lectureConvert,
  lecturePurge,
  harvestDiscover,
  harvestUser,
  tiktokIngest,
  tiktokVideo,
  photosBatch,
  photosRecognise,
  photosGroup,
  photosPurge,
  facesEnrol,
  facesVerify,
  facesReembed,
] as const;

type Definition = (typeof definitions)[number];
export type JobType = Definition['name'];
export type QueueName = Definition['queue'];
export type DefinitionOf<T extends JobType> = Extract<Definition, { name: T }>;
export type InputOf<T extends JobType> = z.infer<DefinitionOf<T>['input']>;
export type ResultOf<T extends JobType> = z.infer<DefinitionOf<T>['result']>;
/** The job types that a queue carries. */
export type JobTypeOn<Q extends QueueName> = Extract<Definition, { queue: Q }>['name'];

export const jobCatalog: ReadonlyMap<string, JobDefinition> = new Map(definitions.map((d) => [d.name, d]));
export const queueNames: readonly QueueName[] = [...new Set(definitions.map((d) => d.queue))];
