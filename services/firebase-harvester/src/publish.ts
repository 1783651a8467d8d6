import { Readable } from 'node:stream';
import {
  harvestFolder,
  harvestKeys,
  harvestManifestColumns,
  type HarvestManifestLine,
  type HarvestUserInput,
} from '@mediaworks/contracts';
import type { JobContext } from '@mediaworks/jobs';
import { csvLine, UTF8_BOM } from '@mediaworks/runtime';
import { type Body, zipObjects } from '@mediaworks/storage';
import type { PlannedFile } from './plan.ts';
import type { HarvestEntry } from './queries.ts';

const LINES = 500;

/** Writes what a run found of a user beside its files, as JSON Lines and as CSV. */
export async function publishManifest(
  { email, folder }: HarvestUserInput,
  entries: readonly HarvestEntry[],
  { store, signal }: Pick<JobContext, 'store' | 'signal'>,
): Promise<void> {
  const keys = harvestKeys(folder);
  const lines = entries.map((entry): HarvestManifestLine => ({ user_email: email, ...entry }));
  const jsonl = inPieces(lines.map((line) => `${JSON.stringify(line)}\n`));
  const rows = lines.map((line) => csvLine(harvestManifestColumns.map((column) => line[column])));
  const csv = inPieces([UTF8_BOM + csvLine(harvestManifestColumns), ...rows]);
  // Both settle before the try ends; together they go to the disk at once.
  const written = await Promise.allSettled([
    store.put(keys.jsonl, jsonl, { contentType: 'application/x-ndjson', signal }),
    store.put(keys.csv, csv, { contentType: 'text/csv; charset=utf-8', signal }),
  ]);
  for (const one of written) if (one.status === 'rejected') throw one.reason;
}

/** Few lines as they are, which the store writes at once; of more of them, many are a piece. */
function inPieces(lines: readonly string[]): Body {
  if (lines.length <= LINES) return Buffer.from(lines.join(''));
  const starts = Array.from({ length: Math.ceil(lines.length / LINES) }, (_, n) => n * LINES);
  return Readable.from(starts.map((start) => lines.slice(start, start + LINES).join('')).values());
}

/** Writes an archive of all files that are there. */
export async function publishZip(
  { folder }: HarvestUserInput,
  files: readonly PlannedFile[],
  { store, signal }: Pick<JobContext, 'store' | 'signal'>,
): Promise<void> {
  const there = files.filter(({ entry }) => entry.outcome === 'downloaded' || entry.outcome === 'unchanged');
  const prefix = harvestFolder(folder);
  const names = there.map(({ file }) => ({
    key: file.object_key,
    name: file.object_key.slice(prefix.length),
  }));
  const zip = zipObjects(store, names, { signal });
  await store.put(harvestKeys(folder).zip, zip, { contentType: 'application/zip', signal });
}
