import { giveHeapRoom, GROWTH_BY_PICTURES } from '@mediaworks/runtime';
import { decodeBare, openRecording, type Run } from './recording.ts';

/** Does the bare steps of the photos whose paths it is started with: as many as it is told, and answers photos a second. */
giveHeapRoom(GROWTH_BY_PICTURES);
const { runsOf } = await openRecording();
const photos: { path: string; runs: Run[] }[] = [];
for (const path of process.argv.slice(2)) photos.push({ path, runs: await runsOf(path) });
process.on('message', (count: number) => void measure(count));
process.send?.(0);

async function measure(count: number): Promise<void> {
  const start = performance.now();
  for (let n = 0; n < count; n++) {
    const photo = photos[n % photos.length];
    if (!photo) return;
    await decodeBare(photo.path);
    for (const run of photo.runs) await run();
  }
  process.send?.((count * 1_000) / (performance.now() - start));
}
