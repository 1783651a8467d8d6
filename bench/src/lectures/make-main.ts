import { parseArgs } from 'node:util';
import { makeLecture } from './make.ts';
import { isKind, kinds } from './recipes.ts';
import { setNames } from './sets.ts';

const usage = `make-main --set train|held-out --out DIR [--seed N]... [--kind K]...
Without --seed it is 1, without --kind it is all: ${kinds.join(', ')}`;

const { values } = parseArgs({
  options: {
    set: { type: 'string' },
    out: { type: 'string' },
    seed: { type: 'string', multiple: true, default: ['1'] },
    kind: { type: 'string', multiple: true, default: kinds },
  },
});
const set = setNames.find((name) => name === values.set);
if (set === undefined || values.out === undefined || !values.kind.every(isKind)) {
  console.error(usage);
  process.exit(2);
}
for (const seed of values.seed.map(Number)) {
  for (const kind of values.kind) {
    const began = performance.now();
    const video = await makeLecture(values.out, set, kind, seed);
    console.log(`${video} ${((performance.now() - began) / 1000).toFixed(1)} s`);
  }
}
