import { findIn } from './finder.ts';

// Finds the slides of one video and says them as JSON: a process of its own, whose memory can be watched.
const [path, decoders = '1', folder = ''] = process.argv.slice(2);
if (path === undefined) {
  console.error('find-main VIDEO [DECODERS FOLDER]');
  process.exit(2);
}
process.stdout.write(JSON.stringify(await findIn(path, { decoders: Number(decoders), folder })));
