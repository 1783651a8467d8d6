import type { HarvestUserInput, HarvestUserResult } from '@mediaworks/contracts';
import type { Plan } from './plan.ts';
import type { HarvestEntry } from './queries.ts';

/** Of a user's errors and warnings so many are told in the result; the manifest holds all. */
const TOLD = 50;

/** What a run made of a user, in figures. */
export function summarise(input: HarvestUserInput, { entries }: Plan): HarvestUserResult {
  const of = (...outcomes: HarvestEntry['outcome'][]) =>
    entries.filter(({ outcome }) => outcomes.includes(outcome));
  const bytes = (some: readonly HarvestEntry[]) => some.reduce((sum, { size }) => sum + (size ?? 0), 0);
  const there = of('downloaded', 'unchanged');
  const [downloaded, pending, failed] = [of('downloaded'), of('would_download'), of('failed')];
  const odd = entries.filter(({ outcome, code }) => outcome !== 'failed' && code !== null);
  return {
    user_email: input.email,
    folder: input.folder,
    images_count: there.filter(({ kind }) => kind === 'images').length,
    voices_count: there.filter(({ kind }) => kind === 'voices').length,
    total_files_downloaded: downloaded.length,
    total_size_bytes: bytes(downloaded),
    skipped_unchanged: of('unchanged').length,
    pending_files: pending.length,
    pending_bytes: bytes(pending),
    failed_files: failed.length,
    errors: failed.slice(0, TOLD).map(inWords),
    warnings: odd.slice(0, TOLD).map(inWords),
  };
}

function inWords({ kind, id, position, message }: HarvestEntry): string {
  return `${kind}${position < 0 ? '' : ` ${id ?? `at ${position}`}`}: ${message ?? ''}`;
}
