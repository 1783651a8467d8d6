/** Of what goes past the page cache, the place in the file, the length and the place in memory are multiples of this. */
export const PAGE_BYTES = 2 ** 12;
const WASM_PAGE_BYTES = 2 ** 16;

/**
 * Memory that begins at a page: of all that Node gives, only WebAssembly's is certain to. It takes room when it is used.
 * @param bytes a multiple of 65,536
 * @returns undefined where there is none: it reserves far more addresses than it takes memory, which a limit may forbid
 */
export function pageMemory(bytes: number): ArrayBuffer | undefined {
  const pages = bytes / WASM_PAGE_BYTES;
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer;
  } catch {
    return undefined;
  }
}
