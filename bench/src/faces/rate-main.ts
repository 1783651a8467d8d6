import { createInterface } from 'node:readline';
import { openFaceEngine } from '@mediaworks/face-recognizer/engine';
import { giveHeapRoom, GROWTH_BY_PICTURES } from '@mediaworks/runtime';
import { decodeBare, openRecording, type Run } from './recording.ts';

/** What does the photos: the service's engine on so many threads, or their bare steps alone, one after the other. */
export type Doer = { readonly threads: number } | 'bare';

/**
 * Photos one after the other or side by side, in a process like the service's. Takes what it is made of and the paths of
 * photos as JSON, argv[2] and [3], and from each line of its input how many photos it is to do. Says when they are done.
 */
giveHeapRoom(GROWTH_BY_PICTURES);
const doer = JSON.parse(process.argv[2] ?? '') as Doer;
const paths = JSON.parse(process.argv[3] ?? '') as string[];
const { lanes, describe } = await open();

console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const count = JSON.parse(line) as number;
  const left = Array.from({ length: count }, (_, n) => paths[n % paths.length] ?? '').values();
  const work = async () => {
    for (const path of left) await describe(path);
  };
  await Promise.all(Array.from({ length: lanes }, work));
  console.log('done');
}
process.exit();

async function open(): Promise<{ lanes: number; describe(path: string): Promise<unknown> }> {
  if (doer !== 'bare') {
    const engine = await openFaceEngine({ modelSet: 'default', threads: doer.threads });
    const { signal } = new AbortController();
    return { lanes: doer.threads, describe: (path) => engine.analyse(path, { signal }) };
  }
  const { runsOf } = await openRecording();
  const runs = new Map<string, Run[]>();
  for (const path of paths) runs.set(path, await runsOf(path));
  return {
    lanes: 1,
    describe: async (path) => {
      await decodeBare(path);
      for (const run of runs.get(path) ?? []) await run();
    },
  };
}
