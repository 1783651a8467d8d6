/** The Exif fields that are told; a number in its usual unit. Place, serial numbers and names are never read. */
export interface ExifSummary {
  readonly camera_make?: string;
  readonly camera_model?: string;
  readonly lens?: string;
  /** Local time of the camera, ISO 8601; with its offset where the camera knew it. */
  readonly taken_at?: string;
  /** Seconds. */
  readonly exposure_time?: number;
  readonly f_number?: number;
  readonly iso?: number;
  /** Millimetres, of the lens and as on 35 mm film. */
  readonly focal_length?: number;
  readonly focal_length_35mm?: number;
}

type Field = keyof ExifSummary | 'offset';

/** Tag numbers of Exif 2.32 (CIPA DC-008), 4.6. */
const mainTags = new Map<number, Field>([
  [0x010f, 'camera_make'],
  [0x0110, 'camera_model'],
]);
const photoTags = new Map<number, Field>([
  [0x829a, 'exposure_time'],
  [0x829d, 'f_number'],
  [0x8827, 'iso'],
  [0x9003, 'taken_at'],
  [0x9011, 'offset'],
  [0x920a, 'focal_length'],
  [0xa405, 'focal_length_35mm'],
  [0xa434, 'lens'],
]);
const PHOTO_DIRECTORY = 0x8769;

const MAX_TEXT = 100;
/** Cameras write some sixty; more is not a camera's. */
const MAX_ENTRIES = 500;

/**
 * Reads the fields above from an Exif block, with or without its `Exif\0\0`. Only these tags are looked at, each at
 * most {@link MAX_TEXT} bytes: general readers follow every tag, and a block of 64 KB can name gigabytes of values.
 * Whatever is damaged is left out; it never throws.
 */
export function readExif(block: Uint8Array): ExifSummary {
  const start = String.fromCharCode(...block.subarray(0, 6)) === 'Exif\0\0' ? 6 : 0;
  const bytes = block.subarray(start);
  const order = String.fromCharCode(...bytes.subarray(0, 2));
  if (bytes.length < 8 || (order !== 'II' && order !== 'MM')) return {};
  const reader = new Reader(bytes, order === 'II');
  const found = new Map<Field, string | number>();
  const photo = reader.directory(reader.u32(4), mainTags, found);
  if (photo !== undefined) reader.directory(photo, photoTags, found);
  return summary(found);
}

class Reader {
  readonly #view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly little: boolean,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u16(at: number): number {
    return at + 2 <= this.bytes.length ? this.#view.getUint16(at, this.little) : 0;
  }

  u32(at: number): number {
    return at + 4 <= this.bytes.length ? this.#view.getUint32(at, this.little) : 0;
  }

  /** Reads the wanted tags; returns where the photo directory is, if this one says. */
  directory(
    at: number,
    tags: ReadonlyMap<number, Field>,
    found: Map<Field, string | number>,
  ): number | undefined {
    let photo: number | undefined;
    const entries = Math.min(this.u16(at), MAX_ENTRIES);
    for (let index = 0; index < entries; index++) {
      const entry = at + 2 + index * 12;
      const tag = this.u16(entry);
      if (tag === PHOTO_DIRECTORY) photo = this.u32(entry + 8);
      const field = tags.get(tag);
      const value = field && this.#value(entry);
      if (field && value !== undefined && !found.has(field)) found.set(field, value);
    }
    return photo;
  }

  #value(entry: number): string | number | undefined {
    const count = this.u32(entry + 4);
    switch (this.u16(entry + 2)) {
      case 2:
        return this.#text(count <= 4 ? entry + 8 : this.u32(entry + 8), count);
      case 3:
        return this.u16(entry + 8);
      case 4:
        return this.u32(entry + 8);
      case 5: {
        const at = this.u32(entry + 8);
        return this.u32(at) / this.u32(at + 4);
      }
      default:
        return undefined;
    }
  }

  #text(at: number, count: number): string | undefined {
    const text = new TextDecoder().decode(this.bytes.subarray(at, at + Math.min(count, MAX_TEXT)));
    const clean = (text.split('\0')[0] ?? '').replace(/[\u0000-\u001f\u007f\ufffd]/g, '').trim();
    return clean === '' ? undefined : clean;
  }
}

function summary(found: ReadonlyMap<Field, string | number>): ExifSummary {
  const fields = new Map<Field, string | number>();
  for (const [field, value] of found) {
    const told = field === 'taken_at' ? isoTime(value, found.get('offset')) : plausible(value);
    if (told !== undefined && field !== 'offset') fields.set(field, told);
  }
  return Object.fromEntries(fields);
}

/** Text as it is, a positive number to six digits (1/3 s is stored as a ratio), and nothing else. */
function plausible(value: string | number): string | number | undefined {
  if (typeof value === 'string') return value;
  return Number.isFinite(value) && value > 0 ? Number(value.toPrecision(6)) : undefined;
}

/** `2024:05:01 12:30:00` and `+02:00` as ISO 8601; undefined for a clock that was never set. */
function isoTime(value: string | number, offset: string | number | undefined): string | undefined {
  const parts = /^(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)$/.exec(String(value));
  if (!parts || parts[1] === '0000') return undefined;
  const zone = /^[+-]\d\d:\d\d$/.test(String(offset)) ? String(offset) : '';
  return `${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}:${parts[5]}:${parts[6]}${zone}`;
}
