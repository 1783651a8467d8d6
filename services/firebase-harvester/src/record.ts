import { setTimeout as wait } from 'node:timers/promises';
import type { Executor } from '@mediaworks/jobs';
import { groupCommit } from '@mediaworks/runtime';
import { type HarvestedVersion, recordVersions } from './queries.ts';

/** Notes of a moment are written together. */
const MOMENT_MS = 60;

/**
 * Writes down which version of a file lies in the store, with whatever else came to lie there within a moment, of any
 * user. Nobody needs to wait for it before going on: a file that a crash keeps from being noted is recognised by its bytes.
 * @returns a function whose promise says when it is written
 */
export function createRecorder(db: Executor): (version: HarvestedVersion) => Promise<void> {
  const commit = groupCommit(async (versions: HarvestedVersion[]): Promise<true[]> => {
    await recordVersions(db, versions);
    return versions.map(() => true);
  });
  let moment: Promise<void> | undefined;
  return async (version) => {
    moment ??= wait(MOMENT_MS).then(() => {
      moment = undefined;
    });
    await moment;
    await commit(version);
  };
}
