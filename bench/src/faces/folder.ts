import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openFaceEngine } from '@mediaworks/face-recognizer/engine';
import { heading, median, ms, note, row, verdict } from '../report.ts';
import { measure, type Sample } from './accuracy.ts';

const PAIRS = 3_000;
const percent = (value: number) => `${(value * 100).toFixed(2)}%`;

/** How well a model set knows the people of a folder `person_name/*.jpg`, and what its steps take. */
export async function measureFolder(folder: string, modelSet: string, modelDir?: string): Promise<void> {
  heading(`Faces: model set ${modelSet} on ${folder}`);
  const engine = await openFaceEngine({ modelSet, modelDir, threads: 2, allowNonCommercial: true });
  const photos = await photosOf(folder);
  const samples: Sample[] = [];
  const times = { decode: [0], detect: [0], landmarks: [0], align: [0], embed: [0] };
  let missed = 0;
  const left = photos.entries();
  const work = async () => {
    for (const [, { person, path }] of left) {
      const found = await engine.analyse(path, { signal: new AbortController().signal });
      const [face] = found.faces;
      if (!face) missed++;
      else samples.push({ person, embedding: face.embedding });
      for (const step of ['decode', 'detect', 'landmarks', 'align', 'embed'] as const)
        times[step].push(found.times[step]);
    }
  };
  await Promise.all([work(), work()]);
  await engine.close();
  samples.sort((a, b) => a.person.localeCompare(b.person));
  row('photos', String(photos.length), `${missed} without a face`);
  for (const [step, values] of Object.entries(times))
    row(`  ${step}`, `${ms(median(values.slice(1)))} median`);
  const found = measure(samples, PAIRS);
  row('persons enrolled, strangers’ photos', String(found.persons), String(found.strangers));
  row('verification', percent(found.verification), `${found.pairs} pairs`);
  row('same pairs above 1 of 1,000 different', percent(found.tarAtFar3));
  note(`a logistic curve through the pairs: slope ${found.slope.toFixed(1)}, 50% at ${found.cut.toFixed(3)}`);
  verdict('Verification', found.verification * 100, { atLeast: 99.3 }, '%');
  if (found.persons > 1) verdict('Rank-1', found.rank1 * 100, { atLeast: 99.5 }, '%');
  if (found.strangers >= 100) {
    note(`one stranger in a hundred reaches ${found.openSetAt.toFixed(3)}`);
    verdict('Named rightly at 1% false accepts', found.openSet * 100, { atLeast: 98.5 }, '%');
  }
}

async function photosOf(folder: string): Promise<{ person: string; path: string }[]> {
  const persons = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const lists = await Promise.all(
    persons.map(async ({ name }) => {
      const files = (await readdir(join(folder, name)))
        .filter((file) => /\.(jpe?g|png|webp)$/i.test(file))
        .sort();
      return files.map((file) => ({ person: name, path: join(folder, name, file) }));
    }),
  );
  return lists.flat();
}
