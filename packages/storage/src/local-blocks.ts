/** What the disk is handed at a time. */
export const BLOCK_BYTES = 2 ** 19;
/** So many are used over and over; whoever needs more at a time has memory of its own. */
const BLOCKS = 64;
const WASM_PAGE_BYTES = 2 ** 16;

/** Memory that a body is gathered in. */
export interface Block {
  readonly bytes: Uint8Array;
  /** Its place in the memory that begins at a page and that threads share; undefined for any other memory. */
  readonly index: number | undefined;
}

/** The blocks of this process. */
export const blocks = createBlocks();

/** The block at a place of the memory that another thread handed on. */
export function blockAt(memory: SharedArrayBuffer, index: number): Uint8Array {
  return new Uint8Array(memory, index * BLOCK_BYTES, BLOCK_BYTES);
}

function createBlocks() {
  const free: Block[] = [];
  let made = 0;
  let memory: SharedArrayBuffer | null | undefined;
  /** Null where there is no room for it. */
  const shared = () => (memory ??= sharedMemory(BLOCKS * BLOCK_BYTES));
  return {
    shared,
    /** Undefined when all are in use. */
    take(): Block | undefined {
      const block = free.pop();
      const room = block ? null : shared();
      if (!room || made === BLOCKS) return block;
      const index = made++;
      return { bytes: blockAt(room, index), index };
    },
    giveBack(block: Block): void {
      if (block.index !== undefined) free.push(block);
    },
  };
}

/** Of all memory that Node gives, only WebAssembly's is certain to begin at a page. It takes room when it is used. */
function sharedMemory(bytes: number): SharedArrayBuffer | null {
  const pages = bytes / WASM_PAGE_BYTES;
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }).buffer;
  } catch {
    // It reserves far more addresses than it takes memory, which a limit may forbid.
    return null;
  }
}
