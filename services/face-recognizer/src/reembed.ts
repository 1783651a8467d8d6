import { type FoundFace, PermanentError, TransientError } from '@mediaworks/contracts';
import { type Executor, type Handler, insertJobs, newJob } from '@mediaworks/jobs';
import { errorCode, type Logger } from '@mediaworks/runtime';
import { z } from 'zod';
import { toBytes } from './embedding-bytes.ts';
import type { Face, FaceEngine } from './engine/index.ts';
import { lookAt } from './look-at.ts';
import { addEmbedding, countUndescribed, ownersToReembed, undescribedPhotos } from './queries.ts';

const PAGE = 100;
const cursor = z.object({ after: z.string(), embedded: z.int(), lost: z.int() });
const START = { after: '00000000-0000-0000-0000-000000000000', embedded: 0, lost: 0 };
/** A face that two detectors agree on overlaps at least so much: shared area by the whole of both. */
const SAME_FACE = 0.3;

/** Describe every face of a gallery that the present model has not described. */
export function reembed({ db, engine }: { db: Executor; engine: FaceEngine }): Handler<'faces.reembed'> {
  const { modelId } = engine;
  return async ({ model_id }, ctx) => {
    if (model_id !== null && model_id !== modelId) {
      throw new TransientError(
        'other_model',
        'This worker has other models; one that has the right ones will do it',
      );
    }
    const saved = cursor.safeParse(ctx.job.checkpoint);
    let { after, embedded, lost } = saved.success ? saved.data : START;
    const total = embedded + lost + (await countUndescribed(db, ctx.owner, modelId));
    for (;;) {
      const page = await undescribedPhotos(db, ctx.owner, modelId, { after, limit: PAGE });
      for (const { id, object_key, face } of page) {
        const found = await findAgain(engine, object_key, face, ctx);
        if (found) await addEmbedding(db, id, { modelId, embedding: toBytes(found.embedding) });
        if (found) embedded++;
        else lost++;
        after = id;
        ctx.progress((100 * (embedded + lost)) / Math.max(1, total), 'describing faces');
      }
      if (page.length === 0) return { model_id: modelId, embedded, lost };
      await ctx.checkpoint({ after, embedded, lost });
    }
  };
}

/** The same face on the same photo; undefined when it is not to be found any more. */
async function findAgain(
  engine: FaceEngine,
  key: string,
  { box }: FoundFace,
  ctx: Parameters<Handler<'faces.reembed'>>[1],
): Promise<Face | undefined> {
  try {
    const { faces } = await lookAt(engine, key, ctx);
    const [best] = faces
      .map((face) => ({ face, overlap: overlapOf(face.box, box) }))
      .sort((a, b) => b.overlap - a.overlap);
    return best && best.overlap >= SAME_FACE ? best.face : undefined;
  } catch (error) {
    // A photo that is gone or can't be read any more must not keep the others from being described.
    if (error instanceof PermanentError || errorCode(error) === 'not_found') return undefined;
    throw error;
  }
}

type Box = FoundFace['box'];

/** What two boxes share, by the whole of both: 0–1. */
function overlapOf(a: Box, b: Box): number {
  const width = Math.max(0, Math.min(a.x + a.w, b.x + b.w) - Math.max(a.x, b.x));
  const height = Math.max(0, Math.min(a.y + a.h, b.y + b.h) - Math.max(a.y, b.y));
  const shared = width * height;
  return shared / (a.w * a.h + b.w * b.h - shared);
}

/** After a change of models, has the faces described that these ones do not know: a job for each owner. */
export async function askForReembedding(db: Executor, modelId: string, log: Logger): Promise<void> {
  const asked = await db.transaction().execute(async (tx) => {
    const owners = await ownersToReembed(tx, modelId);
    const jobs = owners.map((ownerId) => newJob('faces.reembed', { model_id: modelId }, { ownerId }));
    if (jobs.length > 0) await insertJobs(tx, jobs);
    return jobs.length;
  });
  if (asked > 0) log.info('faces will be described by the present models', { galleries: asked });
}
