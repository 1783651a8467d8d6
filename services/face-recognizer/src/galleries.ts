import type { Executor } from '@mediaworks/jobs';
import { fromBytes } from './embedding-bytes.ts';
import {
  createGallery,
  type FaceEngine,
  type Gallery,
  type GalleryEntry,
  type GalleryMatch,
} from './engine/index.ts';
import { countGallery, galleryVersion, readEmbeddings, readGallery } from './queries.ts';
import type { Vectors } from './vector-queries.ts';

/** Embeddings that are read at once: 2 MB of 512 numbers each. */
const PAGE = 1_000;
/** Of a number, its byte, and what the entry weighs beside them. */
const BYTES_OF_A_NUMBER = 5;
const BYTES_OF_AN_ENTRY = 300;

export interface Galleries {
  /** An owner's gallery as it is now, or a moment later. */
  of(ownerId: number): Promise<PersonSearch>;
}

/** A gallery, wherever it is. */
export interface PersonSearch extends Pick<Gallery, 'size' | 'persons'> {
  /** As that of a gallery. */
  top(embedding: Float32Array, count: number): GalleryMatch[] | Promise<GalleryMatch[]>;
}

interface Held {
  search: PersonSearch;
  version: number;
  /** Undefined where the database searches. */
  memory?: {
    gallery: Gallery;
    /** Whose each enrolled photo is. */
    persons: Map<string, string>;
  };
}

/**
 * Keeps the galleries that were used last in memory. A look at the version tells whether one is as it was; then only
 * what has changed is read. So every replica knows a new person at its next photo.
 * @param options.memoryBytes of all of them, beside the one in use
 * @param options.vectors search those that are larger by themselves; without them, they are held all the same
 */
export function createGalleries({
  db,
  engine,
  memoryBytes,
  vectors,
}: {
  db: Executor;
  engine: Pick<FaceEngine, 'modelId' | 'dimensions'>;
  memoryBytes: number;
  vectors?: Vectors | undefined;
}): Galleries {
  const { modelId, dimensions } = engine;
  const bytesOf = (embeddings: number) => embeddings * (dimensions * BYTES_OF_A_NUMBER + BYTES_OF_AN_ENTRY);
  /** The one used last comes last. */
  const all = new Map<number, Held>();
  /** One look at a time for each owner: the next begins where the last one ended. */
  const looks = new Map<number, Promise<unknown>>();

  const sync = async (ownerId: number): Promise<PersonSearch> => {
    const known = all.get(ownerId);
    const version = await galleryVersion(db, ownerId);
    if (known?.version === version) return keep(ownerId, known);
    return keep(ownerId, (await inDatabase(ownerId)) ?? (await inMemory(ownerId, known)));
  };

  /** Undefined where the gallery has room in memory, or the database can't search. */
  const inDatabase = async (ownerId: number): Promise<Held | undefined> => {
    if (!vectors) return undefined;
    const { version, size, persons } = await countGallery(db, ownerId, modelId);
    if (bytesOf(size) <= memoryBytes) return undefined;
    await vectors.follow(ownerId);
    const top: PersonSearch['top'] = (embedding, count) => vectors.top(ownerId, embedding, count);
    return { search: { size, persons, top }, version };
  };

  const inMemory = async (ownerId: number, known: Held | undefined): Promise<Held> => {
    const { gallery, persons } = known?.memory ?? {
      gallery: createGallery(dimensions),
      persons: new Map<string, string>(),
    };
    const now = await readGallery(db, ownerId, modelId);
    const fresh = [...now.persons].filter(([photo, person]) => persons.get(photo) !== person);
    const entries: GalleryEntry[] = [];
    for (let at = 0; at < fresh.length; at += PAGE) {
      const page = fresh.slice(at, at + PAGE).map(([photo]) => photo);
      for (const { photo_id, embedding } of await readEmbeddings(db, modelId, page)) {
        const person = now.persons.get(photo_id);
        if (person !== undefined) entries.push({ id: photo_id, person, embedding: fromBytes(embedding) });
      }
    }
    // In one go: a job that searches meanwhile sees all of the old gallery or all of the new one.
    for (const photo of persons.keys()) if (!now.persons.has(photo)) gallery.remove(photo);
    for (const entry of entries) gallery.add(entry);
    return { search: gallery, version: now.version, memory: { gallery, persons: now.persons } };
  };

  const keep = (ownerId: number, held: Held): PersonSearch => {
    all.delete(ownerId);
    all.set(ownerId, held);
    let bytes = 0;
    for (const [id, { memory }] of [...all].reverse()) {
      bytes += bytesOf(memory?.gallery.size ?? 0);
      if (bytes > memoryBytes && id !== ownerId) all.delete(id);
    }
    return held.search;
  };

  return {
    of: (ownerId) => {
      const before = looks.get(ownerId) ?? Promise.resolve();
      const look = before.then(
        () => sync(ownerId),
        () => sync(ownerId),
      );
      looks.set(ownerId, look);
      const forget = () => {
        if (looks.get(ownerId) === look) looks.delete(ownerId);
      };
      look.then(forget, forget);
      return look;
    },
  };
}
