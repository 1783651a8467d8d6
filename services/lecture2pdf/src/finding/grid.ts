/** How the frames that are analysed are cut into blocks. All sizes in pixels of those frames. */
export interface Grid {
  readonly width: number;
  readonly height: number;
  readonly columns: number;
  readonly rows: number;
  /** The column of blocks that each column of pixels is in, and the first block of each row of pixels. */
  readonly columnOf: Uint16Array;
  readonly rowStart: Uint32Array;
}

/** A set of blocks: 1 for those in it. */
export type BlockSet = Uint8Array;

/** Fine enough for a digit that changes. */
const LONG_SIDE = 480;
export const BLOCK_WIDTH = 16;
export const BLOCK_HEIGHT = 12;

/** @param video its size as displayed, in pixels */
export function gridOf(video: { width: number; height: number }): Grid {
  const factor = Math.min(1, LONG_SIDE / Math.max(video.width, video.height));
  const even = (side: number) => Math.max(BLOCK_WIDTH, 2 * Math.round((side * factor) / 2));
  const [width, height] = [even(video.width), even(video.height)];
  const columns = Math.ceil(width / BLOCK_WIDTH);
  const rows = Math.ceil(height / BLOCK_HEIGHT);
  const columnOf = Uint16Array.from({ length: width }, (_, x) => Math.floor(x / BLOCK_WIDTH));
  const rowStart = Uint32Array.from({ length: height }, (_, y) => Math.floor(y / BLOCK_HEIGHT) * columns);
  return { width, height, columns, rows, columnOf, rowStart };
}

export const blocksOf = ({ columns, rows }: Grid): number => columns * rows;

export function sizeOf(set: BlockSet): number {
  let size = 0;
  for (const one of set) size += one;
  return size;
}

/** A picture, four pixels a number: to ask whether they are the same at once. It has a multiple of four of them. */
export const wordsOf = ({ buffer, byteOffset, length }: Uint8Array): Int32Array =>
  new Int32Array(buffer, byteOffset, length / 4);

/** The set and all neighbours of its blocks, the diagonal ones too. */
export function widen(set: BlockSet, grid: Grid): BlockSet {
  const wide = new Uint8Array(set.length);
  for (let block = 0; block < set.length; block++) {
    if (set[block] === 1) for (const near of around(block, grid)) wide[near] = 1;
  }
  return wide;
}

/** The sets of blocks that hang together, also over corners. */
export function componentsOf(set: BlockSet, grid: Grid): number[][] {
  const left = Uint8Array.from(set);
  const components: number[][] = [];
  for (let start = 0; start < left.length; start++) {
    if (left[start] === 0) continue;
    left[start] = 0;
    const component = [start];
    // Grows while it is walked over.
    for (const block of component) {
      for (const near of around(block, grid)) {
        if (left[near] === 0) continue;
        left[near] = 0;
        component.push(near);
      }
    }
    components.push(component);
  }
  return components;
}

/** The block and its neighbours, the diagonal ones too. */
export function* around(block: number, { columns, rows }: Grid): Generator<number> {
  const [row, column] = [Math.floor(block / columns), block % columns];
  for (let y = Math.max(0, row - 1); y <= Math.min(rows - 1, row + 1); y++) {
    for (let x = Math.max(0, column - 1); x <= Math.min(columns - 1, column + 1); x++) yield y * columns + x;
  }
}
