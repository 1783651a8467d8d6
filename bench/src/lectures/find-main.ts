import { createInterface } from 'node:readline';
import { giveHeapRoom } from '@mediaworks/runtime';
import { costOf } from '../cpu-time.ts';
import { findIn } from './finder.ts';
import type { Found } from './score.ts';

// Finds the slides of a video for each line that it is given, in a process that runs as the service's does, and says
// what was found and what that cost.
giveHeapRoom();
console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  let found: Found = { slides: [] };
  const cost = await costOf(async () => (found = await findIn(JSON.parse(line) as string)));
  console.log(JSON.stringify({ cost, found }));
}
