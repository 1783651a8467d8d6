import { createInterface } from 'node:readline';
import { decodeImage } from '@mediaworks/media';
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

export interface PhotoOrder {
  path: string;
  /** All that is done for a photo; or its bare steps, the decoding and the same runs of the models on the same tensors. */
  way: 'whole' | 'bare';
}

/**
 * Photos as a program of its own, with the memory that the service's process has: beside all that the benchmarks load,
 * collecting the garbage of a photo would cost as much as one of its steps. Takes an order from each line of its input,
 * and says what it cost.
 */
giveHeapRoom(GROWTH_BY_PICTURES);
const { models, runsOf } = await openRecording();
const { signal } = new AbortController();
const recorded = new Map<string, Run[]>();

console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const { path, way } = JSON.parse(line) as PhotoOrder;
  const runs = recorded.get(path) ?? (await runsOf(path));
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
