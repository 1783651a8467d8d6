import { parseArgs } from 'node:util';
import { row } from '../report.ts';
import { findByScenes } from './peer.ts';
import { sumOf } from './score.ts';
import { byKind, figures, figuresOf, scoreFolder } from './scoring.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    faults: { type: 'boolean', default: false },
    only: { type: 'string' },
    peer: { type: 'boolean', default: false },
  },
});
const [dir] = positionals;
if (dir === undefined) {
  console.error('score-main DIR [--faults] [--only PART-OF-A-NAME] [--peer]');
  process.exit(2);
}
const all = await scoreFolder(dir, { only: values.only, find: values.peer ? findByScenes : undefined });
row('', ...figures);
for (const { kind, score } of byKind(all)) {
  row(kind, ...figuresOf(score));
  if (values.faults) for (const fault of score.faults) console.log(`      ${fault}`);
}
row('all', ...figuresOf(sumOf(all.map(({ score }) => score))));
