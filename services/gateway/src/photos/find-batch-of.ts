import type { Executor } from '@mediaworks/jobs';
import type { Request } from 'express';
import { z } from 'zod';
import { ApiError } from '../api-error.ts';
import { viewerOf } from '../request-context.ts';
import { type BatchRow, findBatch } from './batch-queries.ts';

export const batchId = z.string().regex(/^\d{8}_\d{6}_\d{4,12}$/);
export const batchParams = z.object({ id: batchId });

export const batchNotFound = () => new ApiError(404, 'not_found', 'Batch not found');

/** A batch that the caller may see. @throws ApiError 404 */
export async function findBatchOf(db: Executor, req: Request, id: string): Promise<BatchRow> {
  const row = await findBatch(db, id, viewerOf(req));
  if (!row) throw batchNotFound();
  return row;
}
