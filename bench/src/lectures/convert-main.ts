import { findIn, writePages } from './finder.ts';
import type { Found } from './score.ts';

// Finds the slides of one video and writes a page for each time that one of them is shown, so many at most. A process of
// its own, whose memory can be watched.
const [path, decoders = '1', folder = '', most = '0'] = process.argv.slice(2);
if (path === undefined) {
  console.error('convert-main VIDEO [DECODERS FOLDER [PAGES]]');
  process.exit(2);
}
const { slides } = await findIn(path, { decoders: Number(decoders), folder });
const shown: Found['slides'] = slides.flatMap(({ ranges }) =>
  ranges.map((range) => ({ ranges: [range], frameTime: (range.start + range.end) / 2 })),
);
const pages =
  Number(most) === 0 ? 0 : await writePages(path, { slides: shown.slice(0, Number(most)) }, folder);
process.stdout.write(JSON.stringify({ slides: slides.length, ranges: shown.length, pages }));
