import { batchFields, DEFAULT_THRESHOLD, stillWorking, verified, verifyResult } from '@mediaworks/contracts';
import { newJob } from '@mediaworks/jobs';
import { z } from 'zod';
import { defineRoute, type Route } from '../define-route.ts';
import type { GatewayDeps } from '../deps.ts';
import { waitAsPreferred } from '../jobs/wait-for-job.ts';
import { contextOf, principalOf } from '../request-context.ts';
import { jobLocation, stillWorkingAnswer } from './await-job.ts';
import { refusalOf } from './job-outcome.ts';
import { verifyKey } from './object-keys.ts';
import { receiveEach } from './receive-photos.ts';
import { removeAll } from '../staging/remove-all.ts';

const file = z.string().meta({ format: 'binary' });
const verifyForm = z.object({ photo1: file, photo2: file, ...batchFields.shape });

/** Two photos that are compared and forgotten. */
export function verifyRoute(deps: GatewayDeps): Route {
  const { dispatcher, store, env } = deps;
  return defineRoute({
    method: 'post',
    path: '/api/batch-photos/verify',
    summary: 'Tell whether two photos show the same person',
    access: 'user',
    query: batchFields,
    rawBody: { contentType: 'multipart/form-data', schema: verifyForm },
    responses: {
      200: { description: 'Whether they do', schema: verified },
      202: { description: 'It takes longer; the job will know', schema: stillWorking },
    },
    errors: [413, 415, 422],
    handler: async ({ req, res, query }) => {
      const ownerId = principalOf(req).userId;
      const keyOf = (id: string, filename: string) => verifyKey(ownerId, id, filename);
      const { photos, fields } = await receiveEach(req, res, deps, ['photo1', 'photo2'], keyOf);
      const object_keys: [string, string] = [photos.photo1.key, photos.photo2.key];
      const given = batchFields.safeParse(fields);
      if (!given.success) {
        await removeAll(store, object_keys);
        throw given.error;
      }
      const { id: requestId, traceparent } = contextOf(req);
      const job = newJob(
        'faces.verify',
        { object_keys, threshold: given.data.threshold ?? query.threshold ?? DEFAULT_THRESHOLD },
        { ownerId, requestId, traceparent },
      );
      try {
        await dispatcher.submit(job);
      } catch (error) {
        await removeAll(store, object_keys);
        throw error;
      }
      const ended = await waitAsPreferred(deps, req, res, { id: job.id, defaultMs: env.PHOTO_WAIT });
      // The photos of a job that goes on are the nightly cleanup's.
      if (!ended) return stillWorkingAnswer(env, job.id, 'The photos are still being compared');
      await removeAll(store, object_keys);
      if (ended.status !== 'completed') throw refusalOf(ended);
      const { same, confidence, similarity, faces, face_counts } = verifyResult.parse(ended.result);
      const compared = faces.map((face, i) => ({ photo: i + 1, ...face, face_count: face_counts[i] }));
      return {
        status: 200,
        body: { success: true, same, confidence, similarity, faces: compared },
        headers: { Location: jobLocation(env, job.id) },
      };
    },
  });
}
