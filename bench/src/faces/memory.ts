import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { drawnFace, drawnGroup, drawnPeople } from '@mediaworks/media/fixtures';
import { openFaceEngine } from '@mediaworks/face-recognizer/engine';
import { memoryOf } from '../cpu-time.ts';
import { heading, megabytes, row, verdict } from '../report.ts';

const PHOTOS = 2_000;
const EVERY = 250;

/** What the process holds while it works through 2,000 photos on two threads. */
export async function measureMemory(dir: string): Promise<void> {
  heading('Faces: memory over 2,000 photos');
  const paths: string[] = [];
  for (const person of drawnPeople) {
    const path = join(dir, `memory-${person}.jpg`);
    await writeFile(path, await drawnFace(person, { width: 400 }));
    paths.push(path);
  }
  const group = join(dir, 'memory-group.jpg');
  await writeFile(group, (await drawnGroup(drawnPeople.slice(0, 3), { width: 1200, height: 800 })).jpeg);
  const engine = await openFaceEngine({ modelSet: 'default', threads: 2 });
  const { signal } = new AbortController();
  const sizes: number[] = [];
  let done = 0;
  let begun = 0;
  const work = async () => {
    while (begun < PHOTOS) {
      const n = begun++;
      await engine.analyse((n % 20 === 0 ? group : paths[n % paths.length]) ?? group, { signal });
      if (++done % EVERY === 0) sizes.push(memoryOf(process.pid));
    }
  };
  await Promise.all([work(), work()]);
  await engine.close();
  row(`after every ${EVERY} photos`, ...sizes.map(megabytes));
  const half = sizes.length >> 1;
  const [early, late] = [Math.max(...sizes.slice(0, half)), Math.max(...sizes.slice(half))];
  verdict('Second half to first', late / early, { atMost: 1.1 });
}
