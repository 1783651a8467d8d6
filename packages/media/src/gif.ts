/**
 * True when a GIF ends inside a frame or another block (GIF89a, 15 to 26). Decoders show such a file as far as it
 * goes and say nothing; one that only lacks its last byte, the trailer, is whole, and common.
 */
export function isCutGif(file: Uint8Array): boolean {
  const byte = (at: number) => file[at] ?? 0;
  const paletteBytes = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let at = 13 + paletteBytes(byte(10));
  while (at < file.length) {
    const label = byte(at);
    if (label === 0x2c) {
      // An image: descriptor, perhaps a palette, the code size, then data.
      at += 10 + paletteBytes(byte(at + 9)) + 1;
    } else if (label === 0x21) {
      at += 2;
    } else {
      // The trailer, or bytes behind a picture that decoders don't look at.
      return false;
    }
    // Data comes in blocks of up to 255 bytes, closed by an empty one.
    while (at < file.length && byte(at) !== 0) at += byte(at) + 1;
    if (at >= file.length) return true;
    at += 1;
  }
  return at > file.length;
}
