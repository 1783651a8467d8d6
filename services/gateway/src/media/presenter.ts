import type { MediaItem, MediaKind, MediaProfile, RenditionName } from '@mediaworks/contracts';
import type { MediaRow } from './queries.ts';

/** Makes the absolute addresses of objects. */
export interface Addresses {
  /** Opens as long as the item is public. */
  open(key: string): string;
  /** Opens to whoever has it, for a while; `filename` is what it is saved as. */
  signed(key: string, filename?: string): Promise<string>;
}

/** What is made of each kind, whether asked for or not. */
const always: Record<MediaKind, readonly RenditionName[]> = {
  image: ['thumbnail', 'small', 'medium', 'large', 'webp'],
  video: ['thumbnail', 'poster', 'video'],
  audio: ['audio'],
};

/** What a profile adds, where the kind can have it. */
const extras: Record<MediaProfile, Partial<Record<MediaKind, RenditionName>>> = {
  avif: { image: 'avif' },
  loudness: {},
  waveform: { audio: 'waveform' },
  preview: { video: 'preview' },
};

const displayed: Record<MediaKind, RenditionName> = { image: 'medium', video: 'video', audio: 'audio' };

/** The names that an item's `urls` always have, made or not. */
function promised(kind: MediaKind, profile: readonly MediaProfile[]): RenditionName[] {
  const asked = profile.flatMap((extra) => extras[extra][kind] ?? []);
  return [...always[kind], ...asked];
}

/** An item as its owner sees it. */
export async function presentItem(row: MediaRow, addresses: Addresses): Promise<MediaItem> {
  const made = row.result?.renditions ?? {};
  const urls: MediaItem['urls'] = {};
  const renditions: MediaItem['renditions'] = {};
  for (const name of promised(row.file_type, row.profile)) urls[name] = null;
  for (const [name, { key, ...rendition }] of entriesOf(made)) {
    const url = row.is_public ? addresses.open(key) : await addresses.signed(key);
    urls[name] = url;
    renditions[name] = { ...rendition, url };
  }
  const original = await addresses.signed(row.original_key, row.filename);
  urls.original = original;
  return {
    id: row.id,
    user: row.owner_id,
    user_username: row.username,
    file_type: row.file_type,
    status: row.status,
    file_size: row.file_size,
    mime_type: row.mime_type,
    filename: row.filename,
    display_url: urls[displayed[row.file_type]] ?? original,
    thumbnail_url: urls.thumbnail ?? urls.poster ?? null,
    urls,
    width: row.result?.width ?? null,
    height: row.result?.height ?? null,
    duration: row.result?.duration ?? null,
    bitrate: row.result?.bitrate ?? null,
    metadata: row.result?.metadata ?? {},
    is_public: row.is_public,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    error: row.error,
    progress: { percent: row.percent, stage: row.stage },
    thumbhash: row.result?.thumbhash ?? null,
    poster: urls.poster ?? null,
    checksum: row.checksum,
    profile: row.profile,
    renditions,
    job_id: row.job_id,
  };
}

function entriesOf<K extends string, V>(record: Partial<Record<K, V>>): [K, V][] {
  return Object.entries(record) as [K, V][];
}

/** Addresses of the pages around one, with the request's own filters kept, as Django REST framework writes them. */
export function neighbours(
  base: string,
  query: URLSearchParams,
  page: number,
  pages: number,
): { next: string | null; previous: string | null } {
  const at = (number: number): string => {
    const params = new URLSearchParams(query);
    if (number === 1) params.delete('page');
    else params.set('page', String(number));
    const text = params.toString();
    return `${base}/api/media/${text === '' ? '' : `?${text}`}`;
  };
  return { next: page < pages ? at(page + 1) : null, previous: page > 1 ? at(page - 1) : null };
}
