import { harvestFolder, PermanentError } from '@mediaworks/contracts';
import type { Executor } from '@mediaworks/jobs';
import { distinctName, fileName, hashOf } from './naming/safe-name.ts';
import { parseStoragePath, type StoredAt } from './naming/storage-path.ts';
import type { Listed } from './project/read-media.ts';
import { type ClaimedName, type HarvestEntry, type KnownFile, settleNames } from './queries.ts';

/** A file that is to be had, with the name that it has for good. */
export interface PlannedFile {
  readonly at: StoredAt;
  readonly file: KnownFile;
  /** The line of the manifest, to be filled in. */
  readonly entry: HarvestEntry;
}

export interface Plan {
  readonly files: readonly PlannedFile[];
  /** Everything that the lists hold, in their order; that of a file is in it too. */
  readonly entries: readonly HarvestEntry[];
}

const MAX_PATH_BYTES = 1_024;

/** What is to be fetched, and where each lands: nothing twice, nothing over another, nothing outside the user's folder. */
export async function planUser(
  db: Executor,
  user: { id: number; folder: string },
  listed: readonly Listed[],
  bucketNames: readonly [string, ...string[]],
): Promise<Plan> {
  const entries: HarvestEntry[] = [];
  const wanted: { at: StoredAt; entry: HarvestEntry; claim: ClaimedName }[] = [];
  for (const one of listed) {
    const entry = entryOf(one);
    entries.push(entry);
    if (one.problem) continue;
    try {
      const at = parseStoragePath(one.storagePath, bucketNames);
      wanted.push({ at, entry, claim: claimOf(user.folder, one, at) });
    } catch (error) {
      if (!(error instanceof PermanentError)) throw error;
      Object.assign(entry, { code: error.code, message: error.message });
    }
  }
  const known = await settleNames(
    db,
    user.id,
    wanted.map(({ claim }) => claim),
  );
  const files = wanted.flatMap(({ at, entry, claim }) => {
    const file = known.get(claim.source);
    if (!file) return [];
    entry.path = file.object_key;
    if (file.object_key !== plainKey(user.folder, entry, at)) {
      Object.assign(entry, { code: 'renamed', message: `Its name is changed: it was ${lastPart(at.name)}` });
    }
    return [{ at, file, entry }];
  });
  return { files, entries };
}

function entryOf({ kind, position, id, storagePath, problem }: Listed): HarvestEntry {
  return {
    kind,
    position,
    id: id === null ? null : keepable(id),
    storage_path: typeof storagePath === 'string' ? keepable(storagePath) : null,
    outcome: problem?.code === 'duplicate' ? 'duplicate' : 'failed',
    ...{ path: null, size: null, sha256: null, md5: null, crc32c: null, generation: null },
    code: problem?.code ?? null,
    message: problem?.message ?? null,
  };
}

function claimOf(folder: string, { kind, id }: Listed, at: StoredAt): ClaimedName {
  const source = hashOf(JSON.stringify([kind, id, at.bucket, at.name]));
  // A path that ends with a slash has no name to give.
  const name = fileName(at.name) || fileName(id ?? '') || 'file';
  const keys = [name, distinctName(name, source, 8), distinctName(name, source, 64)];
  return {
    source,
    kind,
    bucket: at.bucket,
    storage_path: keepable(at.name),
    keys: keys.map((one) => `${harvestFolder(folder)}${kind}/${one}`),
  };
}

function plainKey(folder: string, { kind }: HarvestEntry, at: StoredAt): string {
  return `${harvestFolder(folder)}${kind}/${lastPart(at.name)}`;
}

const lastPart = (path: string) => keepable(path.split('/').at(-1) ?? '');

/** What Postgres can keep of a text: no NUL, no half of a surrogate pair, no novel. */
function keepable(text: string): string {
  return Buffer.from(text.replaceAll('\0', '\ufffd')).subarray(0, MAX_PATH_BYTES).toString();
}
