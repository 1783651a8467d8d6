import { type FileHandle, open } from 'node:fs/promises';

/** The boxes that lead from the top of a file to what its samples are (ISO/IEC 14496-12, 8.5.2). */
const CONTAINERS = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd']);
/** Sample entries of encrypted video and sound (ISO/IEC 23001-7), and of iTunes. */
const ENCRYPTED = new Set(['encv', 'enca', 'drmi', 'drms']);
const MOST_BOXES = 10_000;

/** Whether an MP4 or MOV says that its pictures or its sound are encrypted; ffmpeg decodes them to noise all the same. */
export async function isEncrypted(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    return await hasEncrypted(file, 0, (await file.stat()).size, { boxes: MOST_BOXES });
  } finally {
    await file.close();
  }
}

async function hasEncrypted(
  file: FileHandle,
  from: number,
  to: number,
  left: { boxes: number },
): Promise<boolean> {
  const header = Buffer.alloc(16);
  for (let at = from; at + 8 <= to && left.boxes > 0; left.boxes--) {
    const { bytesRead } = await file.read(header, 0, 16, at);
    if (bytesRead < 8) return false;
    const type = header.toString('latin1', 4, 8);
    if (ENCRYPTED.has(type)) return true;
    const short = header.readUInt32BE(0);
    // 1: a size of 64 bits follows; 0: up to the end.
    const large = short === 1 && bytesRead === 16;
    const size = large ? Number(header.readBigUInt64BE(8)) : short === 0 ? to - at : short;
    if (size < 8) return false;
    const end = Math.min(to, at + size);
    // Before its entries, a sample description has its version and their number.
    const inside = at + (large ? 16 : 8) + (type === 'stsd' ? 8 : 0);
    if (CONTAINERS.has(type) && (await hasEncrypted(file, inside, end, left))) return true;
    at = end;
  }
  return false;
}
