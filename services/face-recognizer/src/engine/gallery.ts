import { createByteDots } from './byte-dots.ts';

export interface GalleryEntry {
  /** Of the embedding. */
  readonly id: string;
  readonly person: string;
  /** Of length 1. */
  readonly embedding: Float32Array;
}

export interface GalleryMatch {
  readonly person: string;
  /** The embedding of theirs that is nearest. */
  readonly id: string;
  /** A cosine. */
  readonly similarity: number;
}

/** Everybody's embeddings, in memory, searched whole. */
export interface Gallery {
  /** Embeddings. */
  readonly size: number;
  /** Persons with at least one. */
  readonly persons: number;
  /** Adds an embedding; one with the same id is replaced. @throws RangeError when it has another number of dimensions */
  add(entry: GalleryEntry): void;
  /** @returns false when there was none */
  remove(id: string): boolean;
  /** Takes these in place of all. */
  replace(entries: Iterable<GalleryEntry>): void;
  /**
   * The nearest persons, each by the best of their embeddings, nearest first. Exact: the same as comparing with every
   * embedding.
   */
  top(embedding: Float32Array, count: number): GalleryMatch[];
}

/** Of the query's numbers in sixteen bits. */
const QUERY_STEPS = 8_191;
const BYTE_STEPS = 127;
/** What sums of float32 may be off by. */
const ROUNDING = 1e-5;

/**
 * Two passes make the search exact and quick. The first compares bytes, a quarter of the memory to read: each row is
 * stored rounded, too, with the length of what rounding took from it. By Cauchy and Schwarz no true cosine is further
 * from the rounded one than that length, so the second pass, over the numbers themselves, takes only rows that can
 * still be among the best.
 */
export function createGallery(dimensions: number): Gallery {
  const width = Math.ceil(dimensions / 16) * 16;
  let bytes = createByteDots(width);
  let exact = new Float32Array(0);
  /** Of each row: what a step of its bytes is worth, and the length of what rounding took. */
  let steps = new Float32Array(0);
  let lost = new Float32Array(0);
  let rows: { readonly id: string; readonly person: string }[] = [];
  let owners = new Int32Array(0);
  const rowOf = new Map<string, number>();
  const people = new People();

  function reserve(count: number): void {
    if (count <= steps.length) return;
    const room = Math.max(64, count, Math.ceil(steps.length * 1.5));
    exact = grown(exact, new Float32Array(room * dimensions));
    steps = grown(steps, new Float32Array(room));
    lost = grown(lost, new Float32Array(room));
    owners = grown(owners, new Int32Array(room));
    bytes.reserve(room);
  }

  function put(row: number, { embedding, person, id }: GalleryEntry): void {
    exact.set(embedding, row * dimensions);
    const rounded = bytes
      .rows()
      .subarray(row * width, (row + 1) * width)
      .fill(0);
    const step = largest(embedding) / BYTE_STEPS;
    let square = 0;
    for (let n = 0; n < dimensions; n++) {
      const value = embedding[n] ?? 0;
      const byte = step > 0 ? Math.round(value / step) : 0;
      rounded[n] = byte;
      square += (value - byte * step) ** 2;
    }
    steps[row] = step;
    lost[row] = Math.sqrt(square);
    rows[row] = { id, person };
    rowOf.set(id, row);
    owners[row] = people.join(person);
  }

  function add(entry: GalleryEntry): void {
    if (entry.embedding.length !== dimensions)
      throw new RangeError(`An embedding of ${entry.embedding.length} numbers in a gallery of ${dimensions}`);
    remove(entry.id);
    const row = rows.length;
    reserve(row + 1);
    put(row, entry);
  }

  function remove(id: string): boolean {
    const row = rowOf.get(id);
    const entry = row === undefined ? undefined : rows[row];
    if (row === undefined || !entry) return false;
    rowOf.delete(id);
    people.leave(entry.person);
    const last = rows.pop();
    if (!last || last === entry) return true;
    // The last row fills the gap.
    const from = rows.length * dimensions;
    people.leave(last.person);
    put(row, { ...last, embedding: exact.slice(from, from + dimensions) });
    return true;
  }

  /** Cosines as the bytes know them, into `near`; how far from the truth they may all be, beside what each row lost. */
  function compare(query: Float32Array, near: Float32Array): number {
    const scale = largest(query) / QUERY_STEPS;
    if (!(scale > 0)) {
      near.fill(0);
      return 0;
    }
    const numbers = new Int16Array(width);
    let square = 0;
    for (const [n, value] of query.entries()) {
      const number = Math.round(value / scale);
      numbers[n] = number;
      square += (value - number * scale) ** 2;
    }
    const products = bytes.dots(numbers, rows.length);
    for (let row = 0; row < near.length; row++) near[row] = (products[row] ?? 0) * scale * (steps[row] ?? 0);
    // Rounded rows are no longer than 1.02.
    return Math.sqrt(square) * 1.02 + ROUNDING;
  }

  return {
    get size() {
      return rows.length;
    },
    get persons() {
      return people.count;
    },
    add,
    remove,
    replace(entries) {
      rows = [];
      rowOf.clear();
      people.clear();
      bytes = createByteDots(width);
      [exact, steps, lost, owners] = [
        new Float32Array(0),
        new Float32Array(0),
        new Float32Array(0),
        new Int32Array(0),
      ];
      for (const entry of entries) add(entry);
    },
    top(embedding, count) {
      if (rows.length === 0 || count < 1) return [];
      const near = new Float32Array(rows.length);
      const common = compare(embedding, near);
      const length = Math.hypot(...embedding) + ROUNDING;
      const sure = new Best(count);
      for (let row = 0; row < near.length; row++) {
        const least = (near[row] ?? 0) - (lost[row] ?? 0) * length - common;
        if (least > sure.least) sure.offer(owners[row] ?? 0, row, least);
      }
      const best = new Best(count);
      for (let row = 0; row < near.length; row++) {
        if ((near[row] ?? 0) + (lost[row] ?? 0) * length + common < sure.least) continue;
        best.offer(owners[row] ?? 0, row, dot(exact, row * dimensions, embedding));
      }
      return best.places.flatMap(({ row, similarity }) => {
        const entry = rows[row];
        return entry ? [{ person: entry.person, id: entry.id, similarity }] : [];
      });
    },
  };
}

/** The best few persons, each with their best row. */
class Best {
  readonly places: { person: number; row: number; similarity: number }[] = [];
  constructor(private readonly count: number) {}

  /** What a further person must exceed. */
  get least(): number {
    return this.places.length < this.count
      ? -Infinity
      : (this.places[this.count - 1]?.similarity ?? -Infinity);
  }

  offer(person: number, row: number, similarity: number): void {
    if (similarity <= this.least) return;
    const own = this.places.findIndex((place) => place.person === person);
    if (own >= 0) {
      if ((this.places[own]?.similarity ?? 0) >= similarity) return;
      this.places.splice(own, 1);
    }
    const at = this.places.findIndex((place) => place.similarity < similarity);
    this.places.splice(at < 0 ? this.places.length : at, 0, { person, row, similarity });
    if (this.places.length > this.count) this.places.pop();
  }
}

/** Persons as numbers, and how many embeddings each has. */
class People {
  readonly #known = new Map<string, { readonly number: number; embeddings: number }>();
  #next = 0;

  get count(): number {
    return this.#known.size;
  }

  join(person: string): number {
    const known = this.#known.get(person);
    if (known) {
      known.embeddings++;
      return known.number;
    }
    this.#known.set(person, { number: this.#next, embeddings: 1 });
    return this.#next++;
  }

  leave(person: string): void {
    const known = this.#known.get(person);
    if (known && --known.embeddings === 0) this.#known.delete(person);
  }

  clear(): void {
    this.#known.clear();
  }
}

function grown<T extends Float32Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

function largest(values: Float32Array): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}

function dot(all: Float32Array, from: number, vector: Float32Array): number {
  let sum = 0;
  for (let n = 0; n < vector.length; n++) sum += (all[from + n] ?? 0) * (vector[n] ?? 0);
  return sum;
}
