import {
  type BatchAnswer,
  type BatchEntry,
  type BatchSummary,
  type Person,
  UNKNOWN_PERSON,
} from '@mediaworks/contracts';
import { csvLine, UTF8_BOM } from '@mediaworks/runtime';
import type { BatchRow, EntryRow, MatchRow } from './batch-queries.ts';
import type { PersonRow } from './person-queries.ts';

export function presentSummary(row: BatchRow): BatchSummary {
  const { total_photos, recognized_count, unrecognized_count, recognition_rate } = row;
  const { unique_persons, persons_list, avg_confidence } = row;
  const counts = { total_photos, recognized_count, unrecognized_count, recognition_rate };
  return { ...counts, unique_persons, persons_list, avg_confidence };
}

const logUrl = (id: string) => `/api/batch-photos/logs/${id}`;

/** The answer to whoever brought a batch, done or not. */
export function presentBatch(row: BatchRow): BatchAnswer {
  const { id, total_photos, processed, status, job_id } = row;
  const so_far =
    status === 'processing' ? `${processed} of ${total_photos} photos so far` : `${processed} photos`;
  return {
    success: true,
    batch_id: id,
    total_uploaded: total_photos,
    total_processed: processed,
    summary: presentSummary(row),
    message: `Processed ${so_far}. Check batch log for details.`,
    log_url: logUrl(id),
    status,
    job_id,
  };
}

/** A batch's photos in upload order, each with its faces and who they may be. */
export function presentEntries(
  batchId: string,
  rows: readonly EntryRow[],
  matches: readonly MatchRow[],
): BatchEntry[] {
  const byPhoto = new Map<string, MatchRow[]>();
  for (const match of matches) {
    const found = byPhoto.get(match.photo_id);
    if (found) found.push(match);
    else byPhoto.set(match.photo_id, [match]);
  }
  return rows.map((row) => presentEntry(batchId, row, byPhoto.get(row.id) ?? []));
}

function presentEntry(batchId: string, row: EntryRow, matches: readonly MatchRow[]): BatchEntry {
  const faces = (row.result?.faces ?? []).map(({ box, landmarks, score, quality }, n) => {
    const own = matches.filter(({ face }) => face === n);
    const known = own.find(({ recognised }) => recognised);
    return {
      ...{ box, landmarks, score, quality },
      recognized: known !== undefined,
      person: known?.person ?? UNKNOWN_PERSON,
      confidence: known?.confidence ?? null,
      top_3_matches: own.map(({ person, confidence }, i) => ({ rank: i + 1, person, confidence })),
    };
  });
  const primary = faces.find(({ recognized }) => recognized) ?? faces[0];
  return {
    timestamp: row.timestamp,
    batch_id: batchId,
    filename: row.filename,
    domain: row.domain,
    recognized: primary?.recognized ?? false,
    primary_result: { person: primary?.person ?? UNKNOWN_PERSON, confidence: primary?.confidence ?? null },
    top_3_matches: primary?.top_3_matches ?? [],
    metadata: {
      face_count: faces.length,
      processing_time_ms: row.result?.processing_time_ms ?? 0,
      has_multiple_faces: faces.length > 1,
    },
    status: row.status,
    error: row.error,
    faces,
  };
}

const COLUMNS = [
  'Timestamp',
  'Filename',
  'Domain',
  'Recognized',
  'Primary Person',
  'Primary Confidence (%)',
  ...[1, 2, 3].flatMap((n) => [`Match #${n} Person`, `Match #${n} Confidence (%)`]),
  'Face Count',
  'Processing Time (ms)',
];

/** The log as spreadsheets take it. */
export function presentCsv(entries: readonly BatchEntry[]): string {
  const lines = entries.map(({ top_3_matches, primary_result, metadata, ...entry }) =>
    csvLine([
      entry.timestamp,
      entry.filename,
      entry.domain,
      entry.recognized ? 'Yes' : 'No',
      primary_result.person,
      primary_result.confidence,
      ...[0, 1, 2].flatMap((n) => [top_3_matches[n]?.person ?? null, top_3_matches[n]?.confidence ?? null]),
      metadata.face_count,
      metadata.processing_time_ms,
    ]),
  );
  return UTF8_BOM + csvLine(COLUMNS) + lines.join('');
}

export function presentPerson({ id, name, created_at, photos }: PersonRow): Person {
  return { id, name, photo_count: photos.length, created_at: created_at.toISOString(), photos };
}
