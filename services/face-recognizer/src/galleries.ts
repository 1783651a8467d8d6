import type { Executor } from '@mediaworks/jobs';
import { fromBytes } from './embedding-bytes.ts';
import { createGallery, type FaceEngine, type Gallery, type GalleryEntry } from './engine/index.ts';
import { galleryVersion, readEmbeddings, readGallery } from './queries.ts';

/** Embeddings that are read at once: 2 MB of 512 numbers each. */
const PAGE = 1_000;
/** Of a number, its byte, and what the entry weighs beside them. */
const BYTES_OF_A_NUMBER = 5;
const BYTES_OF_AN_ENTRY = 300;

export interface Galleries {
  /** An owner's gallery as it is now, or a moment later. */
  of(ownerId: number): Promise<Gallery>;
}

interface Held {
  gallery: Gallery;
  /** Whose each enrolled photo is. */
  persons: Map<string, string>;
  version: number;
}

/**
 * Keeps the galleries that were used last in memory. A look at the version tells whether one is as it was; then only
 * what has changed is read. So every replica knows a new person at its next photo.
 * @param options.memoryBytes of all of them, beside the one in use
 */
export function createGalleries({
  db,
  engine,
  memoryBytes,
}: {
  db: Executor;
  engine: Pick<FaceEngine, 'modelId' | 'dimensions'>;
  memoryBytes: number;
}): Galleries {
  const { modelId, dimensions } = engine;
  /** The one used last comes last. */
  const all = new Map<number, Held>();
  /** One look at a time for each owner: the next begins where the last one ended. */
  const looks = new Map<number, Promise<unknown>>();

  const sync = async (ownerId: number): Promise<Gallery> => {
    const known = all.get(ownerId);
    const version = await galleryVersion(db, ownerId);
    if (known?.version === version) return keep(ownerId, known);
    const held = known ?? {
      gallery: createGallery(dimensions),
      persons: new Map<string, string>(),
      version: -1,
    };
    const now = await readGallery(db, ownerId, modelId);
    const fresh = [...now.persons].filter(([photo, person]) => held.persons.get(photo) !== person);
    const entries: GalleryEntry[] = [];
    for (let at = 0; at < fresh.length; at += PAGE) {
      const page = fresh.slice(at, at + PAGE).map(([photo]) => photo);
      for (const { photo_id, embedding } of await readEmbeddings(db, modelId, page)) {
        const person = now.persons.get(photo_id);
        if (person !== undefined) entries.push({ id: photo_id, person, embedding: fromBytes(embedding) });
      }
    }
    // In one go: a job that searches meanwhile sees all of the old gallery or all of the new one.
    for (const photo of held.persons.keys()) if (!now.persons.has(photo)) held.gallery.remove(photo);
    for (const entry of entries) held.gallery.add(entry);
    held.persons = now.persons;
    held.version = now.version;
    return keep(ownerId, held);
  };

  const keep = (ownerId: number, held: Held): Gallery => {
    all.delete(ownerId);
    all.set(ownerId, held);
    let bytes = 0;
    for (const [id, { gallery }] of [...all].reverse()) {
      bytes += gallery.size * (dimensions * BYTES_OF_A_NUMBER + BYTES_OF_AN_ENTRY);
      if (bytes > memoryBytes && id !== ownerId) all.delete(id);
    }
    return held.gallery;
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
