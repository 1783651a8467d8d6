import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchFaces } from './faces/bench.ts';
import { benchGateway } from './gateway/bench.ts';
import { benchHarvest } from './harvest/bench.ts';
import { benchImages } from './images/bench.ts';
import { benchLectures } from './lectures/bench.ts';
import { benchUpload } from './upload/bench.ts';
import { benchVideo } from './video/bench.ts';

const benchmarks = new Map([
  ['images', benchImages],
  ['video', benchVideo],
  ['gateway', benchGateway],
  ['upload', benchUpload],
  ['lectures', benchLectures],
  ['harvest', benchHarvest],
  ['faces', benchFaces],
]);

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !benchmarks.has(name));
if (unknown.length > 0) {
  console.error(
    `There is no benchmark ${unknown.join(', ')}; there are ${[...benchmarks.keys()].join(', ')}`,
  );
  process.exit(2);
}
if (process.platform !== 'linux') {
  console.error('The benchmarks read CPU time and memory from /proc, which only Linux has');
  process.exit(2);
}
for (const [name, bench] of benchmarks) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const dir = await mkdtemp(join(tmpdir(), `mediaworks-bench-${name}-`));
  try {
    await bench(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
