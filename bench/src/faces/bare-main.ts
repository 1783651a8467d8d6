import { decodeImage } from '@mediaworks/media';
import { describePhoto } from '@mediaworks/face-recognizer/engine/describe-photo';
import { decodeBare, recordingModels, type Run } from './recording.ts';

/** Does the bare steps of the photos whose paths it is started with: as many as it is told, and answers photos a second. */
const { models, runs } = await recordingModels();
const { signal } = new AbortController();
const photos: { path: string; asked: Run[] }[] = [];
for (const path of process.argv.slice(2)) {
  await describePhoto(models, await decodeImage(path, { signal }), { signal });
  photos.push({ path, asked: runs.splice(0) });
}
process.on('message', (count: number) => void measure(count));
process.send?.(0);

async function measure(count: number): Promise<void> {
  const start = performance.now();
  for (let n = 0; n < count; n++) {
    const photo = photos[n % photos.length];
    if (!photo) return;
    await decodeBare(photo.path);
    for (const run of photo.asked) await run();
  }
  process.send?.((count * 1_000) / (performance.now() - start));
}
