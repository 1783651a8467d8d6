import { setMaxListeners } from 'node:events';
import {
  harvestFolder,
  harvestUser as definition,
  type HarvestUserInput,
  PermanentError,
  RetryAfterError,
  TransientError,
} from '@mediaworks/contracts';
import type { Executor, Handler, JobContext } from '@mediaworks/jobs';
import { type Plan, type PlannedFile, planUser } from './plan.ts';
import type { Project } from './project/open-project.ts';
import { readMedia } from './project/read-media.ts';
import { publishManifest, publishZip } from './publish.ts';
import { saveEntries } from './queries.ts';
import { createRecorder } from './record.ts';
import { summarise } from './summary.ts';
import { type Courtesy, createPlaces, type Places } from './storage/courtesy.ts';
import { askFacts, type Fetched, fetchFile, type FetchTools, isSameObject } from './storage/fetch-file.ts';

/** What all users of a process are harvested with. */
export interface HarvestTools {
  project: () => Project;
  db: Executor;
  courtesy: Courtesy;
  /** For the files whose bytes are in memory, of all users. */
  inMemory: Places;
  /** Files of a user at a time. */
  concurrency: number;
  fileTries: number;
  pauseMs: number;
  maxBytes: number;
}

/** While a file is synced and noted, which takes the disk as long as the network took, the next one is fetched. */
const AHEAD = 2;

/** Read what the user lists, give each file its name, fetch what is new or changed, write the manifest. */
export function harvestUser(tools: HarvestTools): Handler<'harvest.user'> {
  const record = createRecorder(tools.db);
  return async (input, ctx) => {
    const project = tools.project();
    // Each file under way waits for it, at each of its steps.
    setMaxListeners(0, ctx.signal);
    ctx.progress(1, 'reading the lists');
    const listed = await readMedia(project, input.doc_id, ctx.signal);
    const user = { id: input.user_id, folder: input.folder };
    const plan = await planUser(tools.db, user, listed, project.bucketNames);
    const places = createPlaces(tools.concurrency);
    const fetching: FetchTools = {
      ...{ buckets: project.buckets, courtesy: tools.courtesy, inMemory: tools.inMemory },
      ...{ store: ctx.store, signal: ctx.signal },
      enter: async (bucket, signal) => {
        const leaveUser = await places.take(signal);
        try {
          const leave = await tools.courtesy.enter(bucket, signal);
          return () => [leave, leaveUser].forEach((one) => one());
        } catch (error) {
          leaveUser();
          throw error;
        }
      },
      ...{ tries: tools.fileTries, pauseMs: tools.pauseMs, maxBytes: tools.maxBytes },
    };
    const notes: Promise<void>[] = [];
    const keep = (planned: PlannedFile, { facts, head }: Fetched) => {
      const { generation, size: source_size, md5, crc32c } = facts;
      const { size, sha256, contentType: content_type } = head;
      const identity = { user_id: input.user_id, source: planned.file.source, run_id: input.run_id };
      const note = record({ ...identity, generation, source_size, md5, crc32c, size, sha256, content_type });
      // It is waited for at the end; until then it must not count as unhandled.
      note.catch(() => undefined);
      notes.push(note);
    };
    const passing = await harvestAll(plan, input, ctx, tools.concurrency * AHEAD, (planned, there) =>
      harvestFile(planned, there, input, fetching, keep),
    );

    ctx.progress(96, 'writing the manifest');
    await Promise.all(notes);
    await saveEntries(tools.db, input, plan.entries);
    // What may pass is tried again, but for the last time: then it is told as it is.
    if (passing.length > 0 && ctx.attempt < definition.attempts) throw postponed(passing, plan.files.length);
    if (!input.dry_run) {
      await publishManifest(input, plan.entries, ctx);
      if (input.zip) await publishZip(input, plan.files, ctx);
    }
    return summarise(input, plan);
  };
}

type Keep = (planned: PlannedFile, fetched: Fetched) => void;
type HarvestOne = (planned: PlannedFile, there: ReadonlyMap<string, number>) => Promise<void>;

/**
 * Harvests so many files at a time. One that is not to be had does not stop the others.
 * @returns the errors that may pass
 */
async function harvestAll(
  plan: Plan,
  input: HarvestUserInput,
  ctx: JobContext,
  concurrency: number,
  harvestOne: HarvestOne,
): Promise<(TransientError | RetryAfterError)[]> {
  const there = new Map<string, number>();
  for await (const { key, size } of ctx.store.list(harvestFolder(input.folder))) there.set(key, size);
  const passing: (TransientError | RetryAfterError)[] = [];
  const queue = plan.files.values();
  const total = plan.files.length;
  let [begun, done] = [0, 0];
  const take = async () => {
    for (const planned of queue) {
      // The next user begins to be read while the last files of this one are on their way.
      if (++begun === total) ctx.releaseSlot();
      try {
        await harvestOne(planned, there);
      } catch (error) {
        ctx.signal.throwIfAborted();
        const known = error instanceof PermanentError || isPassing(error);
        if (!known) throw error;
        Object.assign(planned.entry, { outcome: 'failed', code: error.code, message: error.message });
        const fields = { user: input.email, path: planned.entry.storage_path, code: error.code };
        if (isPassing(error)) {
          passing.push(error);
          ctx.log.warn('a file could not be fetched yet', fields);
        } else ctx.log.info('a file is not to be had', fields);
      }
      ctx.progress(2 + (93 * ++done) / total, `${done}/${total} files`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, total) }, take));
  return passing;
}

async function harvestFile(
  planned: PlannedFile,
  there: ReadonlyMap<string, number>,
  input: HarvestUserInput,
  tools: FetchTools,
  keep: Keep,
): Promise<void> {
  const { at, file, entry } = planned;
  const size = there.get(file.object_key);
  if (file.run_id === input.run_id && size !== undefined && size === file.size) {
    // An earlier try of this very run fetched it.
    Object.assign(entry, { outcome: 'downloaded' }, versionOf(file));
    return;
  }
  const known = !input.force && size !== undefined && file.known;
  if (known || input.dry_run) {
    const facts = await askFacts(at, tools);
    if (known && file.generation === facts.generation && size === file.size) {
      Object.assign(entry, { outcome: 'unchanged' }, versionOf(file));
      return;
    }
    const { size: stored, md5, crc32c, generation } = facts;
    if (input.dry_run) {
      Object.assign(entry, { outcome: 'would_download', size: stored, md5, crc32c, generation });
      return;
    }
    const adopted = file.generation === null && !facts.gzip && stored === size;
    if (adopted && (await isSameObject(file.object_key, facts, tools))) {
      // It was published, and whoever did died before it could be written down.
      const head = await tools.store.head(file.object_key);
      if (head) {
        settle(planned, { facts, head }, keep);
        return;
      }
    }
  }
  settle(planned, await fetchFile(at, file.object_key, tools), keep);
}

function settle(planned: PlannedFile, fetched: Fetched, keep: Keep): void {
  keep(planned, fetched);
  const { md5, crc32c, generation } = fetched.facts;
  const { size, sha256 } = fetched.head;
  Object.assign(planned.entry, { outcome: 'downloaded', size, sha256, md5, crc32c, generation });
}

function versionOf({ size, sha256, md5, crc32c, generation }: PlannedFile['file']) {
  return { size, sha256, md5, crc32c, generation };
}

function isPassing(error: unknown): error is TransientError | RetryAfterError {
  return error instanceof TransientError || error instanceof RetryAfterError;
}

/** When to come back for what could not be had yet. */
function postponed(passing: readonly (TransientError | RetryAfterError)[], total: number): Error {
  const [first] = passing;
  const message = `${passing.length} of ${total} files could not be had yet: ${first?.message ?? ''}`;
  const delays = passing.flatMap((error) => (error instanceof RetryAfterError ? [error.delayMs] : []));
  return delays.length === passing.length
    ? new RetryAfterError(Math.max(...delays), 'files_pending', message)
    : new TransientError('files_pending', message);
}
