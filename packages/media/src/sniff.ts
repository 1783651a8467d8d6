import { fileTypeFromBuffer } from 'file-type';

export interface SniffedMedia {
  /**
   * What the container is for. An MP4, MOV, Matroska, WebM, ASF or Ogg that holds only sound may be told as video:
   * the head alone does not say, and the streams that {@link probe} finds decide.
   */
  readonly kind: 'image' | 'video' | 'audio';
  readonly mime: string;
  /** The usual file extension, without a dot. */
  readonly ext: string;
}

/** Bytes of a file's start that are enough for every format below. Fewer are fine for short files. */
export const SNIFF_BYTES = 4_100;

const known: readonly SniffedMedia[] = [
  { kind: 'image', mime: 'image/jpeg', ext: 'jpg' },
  { kind: 'image', mime: 'image/png', ext: 'png' },
  { kind: 'image', mime: 'image/gif', ext: 'gif' },
  { kind: 'image', mime: 'image/webp', ext: 'webp' },
  { kind: 'image', mime: 'image/bmp', ext: 'bmp' },
  { kind: 'image', mime: 'image/avif', ext: 'avif' },
  { kind: 'image', mime: 'image/tiff', ext: 'tiff' },
  { kind: 'image', mime: 'image/heic', ext: 'heic' },
  { kind: 'image', mime: 'image/heif', ext: 'heif' },
  { kind: 'video', mime: 'video/mp4', ext: 'mp4' },
  { kind: 'video', mime: 'video/quicktime', ext: 'mov' },
  { kind: 'video', mime: 'video/x-msvideo', ext: 'avi' },
  { kind: 'video', mime: 'video/x-matroska', ext: 'mkv' },
  { kind: 'video', mime: 'video/webm', ext: 'webm' },
  { kind: 'video', mime: 'video/mp2t', ext: 'ts' },
  { kind: 'video', mime: 'video/mpeg', ext: 'mpg' },
  { kind: 'video', mime: 'video/x-flv', ext: 'flv' },
  { kind: 'video', mime: 'video/3gpp', ext: '3gp' },
  { kind: 'video', mime: 'video/3gpp2', ext: '3g2' },
  { kind: 'video', mime: 'video/ogg', ext: 'ogv' },
  { kind: 'video', mime: 'video/x-ms-asf', ext: 'asf' },
  { kind: 'audio', mime: 'audio/mpeg', ext: 'mp3' },
  { kind: 'audio', mime: 'audio/wav', ext: 'wav' },
  { kind: 'audio', mime: 'audio/ogg', ext: 'ogg' },
  { kind: 'audio', mime: 'audio/aac', ext: 'aac' },
  { kind: 'audio', mime: 'audio/mp4', ext: 'm4a' },
  { kind: 'audio', mime: 'audio/flac', ext: 'flac' },
  { kind: 'audio', mime: 'audio/aiff', ext: 'aiff' },
  { kind: 'audio', mime: 'audio/amr', ext: 'amr' },
];

const byMime = new Map(known.map((media) => [media.mime, media]));

/** file-type's names for what is, to us, one of the above. */
const aliases = new Map([
  ['image/apng', 'image/png'],
  ['image/heic-sequence', 'image/heic'],
  ['image/heif-sequence', 'image/heif'],
  ['video/x-m4v', 'video/mp4'],
  ['video/vnd.avi', 'video/x-msvideo'],
  ['video/matroska', 'video/x-matroska'],
  ['video/MP1S', 'video/mpeg'],
  ['video/MP2P', 'video/mpeg'],
  ['application/vnd.ms-asf', 'video/x-ms-asf'],
  ['audio/x-ms-asf', 'video/x-ms-asf'],
  ['application/ogg', 'video/ogg'],
  ['audio/ogg; codecs=opus', 'audio/ogg'],
  ['audio/x-m4a', 'audio/mp4'],
  ['audio/x-flac', 'audio/flac'],
  ['audio/vnd.wave', 'audio/wav'],
]);

/**
 * The kind of a file by its first bytes, whatever its name says; undefined for all that is not taken: text, HTML,
 * SVG and other XML, playlists and lists (they only point elsewhere), PDF, archives. A file that is two things at
 * once is what its head says: everything is encoded anew, so nothing appended survives.
 * @param head the first {@link SNIFF_BYTES} bytes, or all of a shorter file.
 */
export async function sniffMedia(head: Uint8Array): Promise<SniffedMedia | undefined> {
  const own = ownChecks(head);
  if (own !== undefined) return own === 'refused' ? undefined : byMime.get(own);
  const found = await fileTypeFromBuffer(head.subarray(0, SNIFF_BYTES)).catch(() => undefined);
  if (found === undefined) {
    if (isAdts(head)) return byMime.get('audio/aac');
    return isTiff(head) ? byMime.get('image/tiff') : undefined;
  }
  return byMime.get(aliases.get(found.mime) ?? found.mime);
}

/** The GUID of the ASF header object. */
const ASF_HEADER = '0&\xb2u\x8ef\xcf\x11\xa6\xd9\0\xaa\0b\xcel';

/** What file-type tells wrongly or not at all: an answer, `refused`, or undefined to ask it. */
function ownChecks(head: Uint8Array): string | undefined {
  if (head.length < 4) return 'refused';
  const text = ascii(head, 0, 16);
  // Two letters make a BMP of any text that starts with them; the header's own length does not.
  if (text.startsWith('BM')) return isBmp(head) ? 'image/bmp' : 'refused';
  if (text.startsWith('GIF8')) return /^GIF8[79]a/.test(text) ? 'image/gif' : 'refused';
  if (ascii(head, 4, 8) === 'ftyp') return ofBrands(head);
  // RIFX and RF64 are WAV too: the other byte order, and more than 4 GiB.
  if (/^(RIFX|RF64)....WAVE/s.test(text)) return 'audio/wav';
  if (text.startsWith('OggS')) return ofOgg(head);
  if (text === ASF_HEADER) return 'video/x-ms-asf';
  // ID3 stands before MP3, but before ADTS and FLAC as well; where its end lies in the head, what follows decides.
  if (text.startsWith('ID3')) return afterId3(head);
  return undefined;
}

const BMP_HEADER_SIZES = [12, 16, 40, 52, 56, 64, 108, 124];

function isBmp(head: Uint8Array): boolean {
  if (head.length < 26) return false;
  const view = viewOf(head);
  return BMP_HEADER_SIZES.includes(view.getUint32(14, true)) && view.getUint32(6, true) === 0;
}

const heicBrands = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs'];
const audioBrands = ['M4A ', 'M4B ', 'M4P ', 'F4A ', 'F4B '];

/** ISO base media: the major brand decides, and where that is a generic picture (mif1, msf1), the compatible ones. */
function ofBrands(head: Uint8Array): string | undefined {
  const size = Math.min(viewOf(head).getUint32(0), head.length);
  const major = ascii(head, 8, 12);
  const brands = [major];
  for (let at = 16; at + 4 <= size; at += 4) brands.push(ascii(head, at, at + 4));
  if (heicBrands.includes(major)) return 'image/heic';
  if (major === 'avif' || major === 'avis') return 'image/avif';
  if (major === 'mif1' || major === 'msf1' || major === 'miaf') {
    if (brands.includes('avif') || brands.includes('avis')) return 'image/avif';
    return brands.some((brand) => heicBrands.includes(brand)) ? 'image/heic' : 'image/heif';
  }
  if (audioBrands.includes(major)) return 'audio/mp4';
  if (major === 'qt  ') return 'video/quicktime';
  if (major.startsWith('3g2')) return 'video/3gpp2';
  if (major.startsWith('3g')) return 'video/3gpp';
  // JPEG 2000, Canon raw and protected streams are boxes as well, but nothing that is taken.
  if (/^(jp2|jpx|jpm|mjp2|crx|cdes)/.test(major)) return 'refused';
  return 'video/mp4';
}

/** The head holds the first page of every stream: any that is Theora, or pictures of another kind, makes it video. */
function ofOgg(head: Uint8Array): string {
  const text = ascii(head, 0, Math.min(head.length, SNIFF_BYTES));
  if (/\x80theora|BBCD\0|\x01video\0/.test(text)) return 'video/ogg';
  return /OpusHead|\x01vorbis|\x7fFLAC|Speex {3}/.test(text) ? 'audio/ogg' : 'video/ogg';
}

function afterId3(head: Uint8Array): string {
  const [a = 0, b = 0, c = 0, d = 0] = head.subarray(6, 10);
  // ID3v2.4 §3.1: four bytes of seven bits each, without the header's own ten.
  const end = 10 + (((a & 127) << 21) | ((b & 127) << 14) | ((c & 127) << 7) | (d & 127));
  const rest = head.subarray(end);
  if (ascii(rest, 0, 4) === 'fLaC') return 'audio/flac';
  return isAdts(rest) ? 'audio/aac' : 'audio/mpeg';
}

/** ADTS (ISO 13818-7, 6.2): sync word, layer 0, a valid rate; and, where the next frame is in sight, its sync word. */
function isAdts(head: Uint8Array): boolean {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = head;
  if (a !== 0xff || (b & 0xf6) !== 0xf0 || ((c >> 2) & 15) > 12) return false;
  const length = ((d & 3) << 11) | (e << 3) | (f >> 5);
  if (length < 7) return false;
  const next = head.subarray(length, length + 2);
  return next.length < 2 || (next[0] === 0xff && ((next[1] ?? 0) & 0xf6) === 0xf0);
}

/**
 * TIFF 6.0, section 2, and BigTIFF. file-type follows the first directory, to tell cameras' raw formats apart, and
 * loses its way where that lies behind the pixels.
 */
function isTiff(head: Uint8Array): boolean {
  return /^(II[*+]\0|MM\0[*+])(?!....CR)/s.test(ascii(head, 0, 10));
}

function ascii(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
