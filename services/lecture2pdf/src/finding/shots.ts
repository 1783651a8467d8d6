/* eslint-disable @typescript-eslint/no-non-null-assertion -- every index is inside its array, a million times a second */
import { compare, type Comparison } from './comparison.ts';
import { type BlockSet, blocksOf, componentsOf, type Grid, sizeOf, widen } from './grid.ts';
import { type FiveFrames, medianOf } from './median.ts';
import { createMotionMeter, type Motion } from './motion.ts';
import { createShelf } from './shelf.ts';
import { createStabiliser } from './stabiliser.ts';
import { createViewer, type Grain, inkBlocks, joined, pack, type PackedView, type View } from './view.ts';

/** A stretch in which the picture stays, apart from what moves in it. */
export interface Shot {
  readonly view: PackedView;
  readonly grain: Grain;
  /** The first and the last frame that surely belong to it. */
  readonly from: number;
  readonly to: number;
  /** How many times it was looked at. */
  readonly looks: number;
  /** Share of the picture that never stops moving. */
  readonly busy: number;
}

export interface Shots {
  readonly shots: readonly Shot[];
  /** For each frame, the share of blocks that changed from the one before, apart from those that never stop. */
  readonly moved: readonly number[];
}

/** A shot that goes on. */
type Current = Omit<Shot, 'view'> & {
  readonly view: View;
  readonly content: number;
  /** In how many frames each block moved. */
  readonly moves: Uint16Array;
};

/** Shots that were looked at less often are on the way to something, and left out. */
const LEAST_LOOKS = 3;
/** Frames a second that are looked at. */
export const FRAME_RATE = 4;
/** A block never stops when it moves in more than this share of the frames up to so many before and after. */
const DYNAMIC_SHARE = 0.35;
const DYNAMIC_REACH = 6 * FRAME_RATE;
const LOOK_EVERY = 2;
/** Frames before and after that a look takes in. */
const LOOK_REACH = 2;
/** Below this share of calm blocks, or of its content in them, a picture is on the way to another. */
const LEAST_CALM = 0.3;
const LEAST_CONTENT = 0.5;
/** After so many such looks it is another. */
const MOST_PASSED_OVER = 8;
/** A camera's picture, with a block around what moves in it, takes this share of the whole at least. */
const LEAST_LIVELY = 0.03;
/** What moves for so many frames only is on the way to something. */
const LONGEST_CHANGE = FRAME_RATE - 1;
/** Two looks are of one shot when at most this share of the blocks differs, or one block. */
const SAME_SHARE = 0.02;
const LEAST_COMMON = 0.15;
/** A camera that is not still for more than this of the time is a shaky one. */
const SHAKY = 0.25;

/** Takes the frames of a video one after the other; what it holds grows with the shots, not with the length. */
export function createShotFinder(grid: Grid) {
  const blocks = blocksOf(grid);
  const measure = createMotionMeter(grid);
  const viewed = createViewer(grid);
  const keep = createShelf();
  const frames = new Map<number, Uint8Array>();
  const motions = new Map<number, Motion>();
  /** In how many frames around the one that is looked at each block moved. */
  const active = new Uint16Array(blocks);
  const moved: number[] = [];
  const shots: Shot[] = [];
  let count = 0;

  const dynamicAround = (at: number, end: number): BlockSet => {
    const entering = motions.get(at + DYNAMIC_REACH)?.blocks;
    const leaving = motions.get(at - DYNAMIC_REACH - 1)?.blocks;
    const reach = Math.min(end, at + DYNAMIC_REACH + 1) - Math.max(0, at - DYNAMIC_REACH);
    const busy = new Uint8Array(blocks);
    for (let block = 0; block < blocks; block++) {
      active[block] = active[block]! + (entering?.[block] ?? 0) - (leaving?.[block] ?? 0);
      if (active[block]! > DYNAMIC_SHARE * reach) busy[block] = 1;
    }
    motions.delete(at - DYNAMIC_REACH - 1);
    return widen(busy, grid);
  };

  const pass = (at: number, end: number) => {
    const dynamic = dynamicAround(at, end);
    const own = motions.get(at)?.blocks;
    moved[at] = (own?.reduce((sum, moves, block) => sum + (moves & (1 - dynamic[block]!)), 0) ?? 0) / blocks;
    if (at % LOOK_EVERY === 0) look(at, dynamic, end);
    frames.delete(at - LOOK_REACH);
  };

  const look = (at: number, dynamic: BlockSet, end: number) => {
    const restless = new Uint8Array(blocks);
    for (let index = at - LOOK_REACH + 1; index <= at + LOOK_REACH; index++) {
      motions
        .get(index)
        ?.blocks.forEach((moves, block) => (restless[block]! |= moves & (1 - dynamic[block]!)));
    }
    const passing = widen(restless, grid);
    const calm = dynamic.map((moves, block) => (1 - moves) & (1 - passing[block]!));
    if (sizeOf(calm) < LEAST_CALM * blocks) return;
    // The first frame has none before it that would tell.
    const { noise = 0, shake = 0 } = motions.get(Math.max(1, at)) ?? {};
    const busy = sizeOf(dynamic) / blocks;
    take(viewed(medianOf(framesAround(at, end)), calm), at, busy, { noise, shaky: shake > SHAKY });
  };

  /** At the ends of the video, its first and last frame stand for those that are not there. */
  const framesAround = (at: number, end: number): FiveFrames => {
    const own = frames.get(at)!;
    const frame = (index: number) => frames.get(Math.max(0, Math.min(end - 1, index))) ?? own;
    return [frame(at - 2), frame(at - 1), own, frame(at + 1), frame(at + 2)];
  };

  let current: Current | undefined;
  let passedOver = 0;

  const take = (view: View, at: number, busy: number, grain: Grain) => {
    if (current) {
      const comparison = compare(current.view, view, grid, grain);
      if (comparison.before < LEAST_CONTENT * current.content && ++passedOver < MOST_PASSED_OVER) return;
      passedOver = 0;
      if (isSame(comparison)) {
        addMoves(at, current.moves);
        const known = joined(current.view, view, grid);
        const content = known === current.view ? current.content : inkBlocks(known, grid, grain);
        const looks = current.looks + 1;
        current = {
          ...current,
          view: known,
          content,
          to: at,
          looks,
          busy: current.busy + (busy - current.busy) / looks,
        };
        return;
      }
    }
    finish();
    const content = inkBlocks(view, grid, grain);
    current = {
      view,
      content,
      moves: addMoves(at, new Uint16Array(blocks)),
      grain,
      from: at,
      to: at,
      looks: 1,
      busy,
    };
  };

  /** Adds what moved since the look before. */
  const addMoves = (at: number, moves: Uint16Array): Uint16Array => {
    for (let index = at - LOOK_EVERY + 1; index <= at; index++) {
      motions.get(index)?.blocks.forEach((own, block) => (moves[block]! += own));
    }
    return moves;
  };

  const finish = () => {
    if (!current || current.looks < LEAST_LOOKS) return;
    const { content: _content, moves, view, ...shot } = current;
    const lively = livelyIn(moves, Math.max(LONGEST_CHANGE, DYNAMIC_SHARE * LOOK_EVERY * shot.looks), grid);
    const calm = view.calm.map((rests, block) => rests & (1 - lively[block]!));
    shots.push({ ...shot, view: pack({ ...view, calm, lively }, grid, keep) });
  };

  const camera = createStabiliser(grid, (frame, isHeld) => {
    const before = frames.get(count - 1);
    const motion = before
      ? measure(frame, before, isHeld)
      : { blocks: new Uint8Array(blocks), noise: 0, shake: 0 };
    frames.set(count, frame);
    motions.set(count, motion);
    if (count < DYNAMIC_REACH) motion.blocks.forEach((moves, block) => (active[block]! += moves));
    count++;
    if (count > DYNAMIC_REACH) pass(count - 1 - DYNAMIC_REACH, Infinity);
  });

  return {
    push: camera.push,
    end: (): Shots => {
      camera.end();
      for (let at = Math.max(0, count - DYNAMIC_REACH); at < count; at++) pass(at, count);
      finish();
      return { shots, moved };
    },
  };
}

/** Blocks that moved more often than that, where many of them hang together: a pen or a pointer moves in a few. */
function livelyIn(moves: Uint16Array, often: number, grid: Grid): BlockSet {
  const restless = widen(
    Uint8Array.from(moves, (count) => (count > often ? 1 : 0)),
    grid,
  );
  for (const component of componentsOf(restless, grid)) {
    if (component.length < LEAST_LIVELY * restless.length) for (const block of component) restless[block] = 0;
  }
  return restless;
}

function isSame({ common, before, lost, added, patches }: Comparison): boolean {
  const changed = sizeOf(lost) + sizeOf(added);
  return common > LEAST_COMMON && patches.length === 0 && changed <= Math.max(1, SAME_SHARE * before);
}
