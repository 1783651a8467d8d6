import { setFlagsFromString } from 'node:v8';

/** By how much the old generation may grow before it is collected again, in percent of what was alive. */
const GROWTH_PERCENT = 100;

/**
 * The same where most of it are pictures that are done with a moment later: each is counted as growth, and their memory is
 * free again long before. Collecting the rest for it was a fifth of what a face costs.
 */
export const GROWTH_BY_PICTURES = 300;

/**
 * Lets the heap grow, to twice its size by default, before all of it is collected again; a limit of the heap holds as
 * before. V8 counts buffers that are passed through, uploads and pictures, as growth, and lets a quiet heap grow by
 * little: it would collect all of it every few megabytes, to find nothing, for half of what an upload costs. The new
 * generation is collected by the thread that has it: helpers are waited for, and where every processor is busy that is
 * longer than the work, which is short. Call it once, at boot: NODE_OPTIONS refuses it.
 */
export function giveHeapRoom(percent = GROWTH_PERCENT): void {
  setFlagsFromString(`--heap-growing-percent=${percent}`);
  setFlagsFromString('--no-parallel-scavenge');
}
