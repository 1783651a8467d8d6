import { createInterface } from 'node:readline';
import { decodeImage } from '@mediaworks/media/decode';
import { describePhoto } from '@mediaworks/face-recognizer/engine/describe-photo';
import { giveHeapRoom, GROWTH_BY_PICTURES } from '@mediaworks/runtime';
import { costOf } from '../cpu-time.ts';
import { decodeBare, openRecording, type Run } from './recording.ts';

/** What one photo costs, and what was done. */
export interface PhotoCost {
  /** CPU time of all threads, in ms. */
  cpu: number;
  /** Of the models. */
  runs: number;
  /** Of the whole alone: how many were found, and the ms of each step. */
  found: { faces: number; times: Record<string, number> } | undefined;
}

/** All that is done for a photo; or its bare steps, the decoding and the same runs of the models on the same tensors. */
export type Way = 'whole' | 'bare';

/**
 * Photos as a program of its own for each way, argv[2], with the memory that the service's process has: neither's garbage
 * is collected at the other's cost. Takes the path of a photo from each line of its input, and says what it cost.
 */
giveHeapRoom(GROWTH_BY_PICTURES);
const way = process.argv[2] as Way;
const { models, runsOf } = await openRecording();
const { signal } = new AbortController();
const recorded = new Map<string, Run[]>();

console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const path = JSON.parse(line) as string;
  const runs = way === 'bare' ? (recorded.get(path) ?? (await runsOf(path))) : [];
  recorded.set(path, runs);
  let found: PhotoCost['found'];
  const whole = async () => {
    const { faces, times } = await describePhoto(models, await decodeImage(path, { signal }), { signal });
    found = { faces: faces.length, times: { ...times } };
  };
  const bare = async () => {
    await decodeBare(path);
    for (const run of runs) await run();
  };
  const { cpu } = await costOf(way === 'whole' ? whole : bare);
  const cost: PhotoCost = { cpu, runs: runs.length, found };
  console.log(JSON.stringify(cost));
}
