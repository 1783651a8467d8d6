import { type Executor, type JobOrigin, newJob } from '@mediaworks/jobs';
import { asError, groupCommit } from '@mediaworks/runtime';
import { ApiError, isDatabaseAway } from '../api-error.ts';
import type { AuditEntry } from '../audit.ts';
import { claimKey, type KeyClaim } from '../idempotency.ts';
import { keyStem } from '../files/file-name.ts';
import { acceptItems, type NewItem, takeIds } from './queries.ts';

/** An upload that is in the store and is to become an item. */
export interface Acceptance {
  item: Omit<NewItem, 'id' | 'job_id'>;
  origin: Omit<JobOrigin, 'ownerId'>;
  audit: Omit<AuditEntry, 'subject'>;
  /** Without an Idempotency-Key every upload is a new one. */
  idempotency: { key: string; fingerprint: string } | undefined;
}

/** The item that an upload became, or the one that an earlier request with the same key had made. */
export type Accepted = { item: NewItem; createdAt: Date } | { replayOf: number };

type Outcome = Accepted | Error;

/**
 * Writes the item, its job, outbox row, idempotency key and audit entry: all or nothing, in one transaction with what
 * else arrived meanwhile.
 */
export function createAcceptance(db: Executor, nudge: () => void): (upload: Acceptance) => Promise<Accepted> {
  return groupCommit(async (uploads: Acceptance[]): Promise<Outcome[]> => {
    try {
      return await write(db, uploads);
    } catch (error) {
      if (uploads.length === 1 || isDatabaseAway(error)) throw error;
      // One that the database refuses must not take its neighbours with it.
      const outcomes: Outcome[] = [];
      for (const upload of uploads) outcomes.push(...(await write(db, [upload]).catch(asOutcome)));
      return outcomes;
    } finally {
      nudge();
    }
  });
}

async function write(db: Executor, uploads: readonly Acceptance[]): Promise<Outcome[]> {
  const ids = await takeIds(db, uploads.length);
  const numbered = uploads.map((upload, i) => ({ upload, id: ids[i] ?? NaN }));
  // Without keys there is one statement to write, which is a transaction by itself.
  return uploads.some(({ idempotency }) => idempotency)
    ? db.transaction().execute((tx) => writeNumbered(tx, numbered))
    : writeNumbered(db, numbered);
}

type Numbered = readonly { upload: Acceptance; id: number }[];

async function writeNumbered(executor: Executor, numbered: Numbered): Promise<Outcome[]> {
  const outcomes = await claimKeys(executor, numbered);
  const fresh = numbered
    .filter(({ id }) => !outcomes.has(id))
    .map(({ upload, id }) => {
      const { item, origin, audit } = upload;
      const { owner_id: ownerId, file_type: kind, original_key, token, profile } = item;
      const stem = keyStem(item.filename);
      const input = { media_id: id, kind, original_key, token, stem, profile };
      const job = newJob('media.transcode', input, { ...origin, ownerId });
      return { job, item: { ...item, id, job_id: job.id }, audit: { ...audit, subject: String(id) } };
    });
  if (fresh.length > 0) {
    const items = fresh.map(({ item }) => item);
    const jobs = fresh.map(({ job }) => job);
    const entries = fresh.map(({ audit }) => audit);
    const createdAt = await acceptItems(executor, items, jobs, entries);
    for (const item of items) outcomes.set(item.id, { item, createdAt });
  }
  return numbered.map(({ id }) => outcomes.get(id) ?? new Error('an upload got lost'));
}

/** Takes the keys of those that have one. What is in the answer makes nothing: an earlier item, or a refusal. */
async function claimKeys(tx: Executor, numbered: Numbered): Promise<Map<number, Outcome>> {
  const claims = numbered.flatMap(({ upload, id }): { id: number; claim: KeyClaim }[] => {
    const { idempotency, item } = upload;
    return idempotency
      ? [{ id, claim: { ...idempotency, ownerId: item.owner_id, resourceId: String(id) } }]
      : [];
  });
  // In one order everywhere: two processes that wait for each other's keys would wait for ever.
  claims.sort((a, b) => a.claim.ownerId - b.claim.ownerId || (a.claim.key < b.claim.key ? -1 : 1));
  const found = new Map<number, Outcome>();
  for (const { id, claim } of claims) {
    try {
      const first = await claimKey(tx, claim);
      if (first !== undefined) found.set(id, { replayOf: Number(first) });
    } catch (error) {
      // A refusal is this request's alone; anything else breaks the transaction.
      if (!(error instanceof ApiError)) throw error;
      found.set(id, error);
    }
  }
  return found;
}

const asOutcome = (error: unknown): Outcome[] => [asError(error)];
