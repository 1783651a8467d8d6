import { giveHeapRoom, GROWTH_BY_PICTURES } from '@mediaworks/runtime';
import { note } from '../report.ts';
import { measureFolder } from './folder.ts';
import { measureGallery } from './gallery.ts';
import { measureMemory } from './memory.ts';
import { measureService } from './service.ts';
import { measureSpeed } from './speed.ts';

/**
 * How well and how fast faces are known. `BENCH_FACES`: a folder `person_name/*.jpg`, for accuracy; `BENCH_FACE_SETS`:
 * the model sets to try on it (default `default`), and `BENCH_MODEL_DIR` where their files lie. `BENCH_FACE_PARTS`:
 * those of `accuracy,speed,service,gallery,memory` to run.
 */
export async function benchFaces(dir: string): Promise<void> {
  const {
    BENCH_FACES: folder,
    BENCH_FACE_SETS: sets = 'default',
    BENCH_MODEL_DIR: modelDir,
    BENCH_FACE_PARTS: parts = 'accuracy,speed,service,gallery,memory',
  } = process.env;
  // As in the service, whose engine is measured here.
  giveHeapRoom(GROWTH_BY_PICTURES);
  if (parts.includes('accuracy')) {
    if (folder === undefined) note('BENCH_FACES names no folder of photos: accuracy is not measured');
    else for (const set of sets.split(',')) await measureFolder(folder, set, modelDir);
  }
  if (parts.includes('speed')) await measureSpeed(dir);
  if (parts.includes('service')) await measureService(dir);
  if (parts.includes('gallery')) measureGallery();
  if (parts.includes('memory')) await measureMemory(dir);
}
