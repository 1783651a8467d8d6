import { execFile } from 'node:child_process';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { transcodeVideo } from '@mediaworks/media';
import { compliantVideo, fullHdVideo } from '@mediaworks/media/fixtures';
import { type Cost, costOf } from '../cpu-time.ts';
import { heading, median, megabytes, ms, note, row, verdict } from '../report.ts';
import { type Arguments, findPrograms, recordFfmpeg } from './recorded-ffmpeg.ts';

const run = promisify(execFile);
const SECONDS = 8;
const ROUNDS = 8;

/** A 1080p video with sound: our function, with its probe, its limits and its progress, against ffmpeg by hand. */
export async function benchVideo(dir: string): Promise<void> {
  heading(`Video: ${SECONDS} s of 1080p with sound`);
  const programs = findPrograms();
  const { ffmpegPath } = programs;
  const source = await fullHdVideo(dir, SECONDS);
  const outDir = join(dir, 'out');
  await mkdir(outDir);
  const transcode = (input: string) => () => transcodeVideo(input, outDir);
  const commands = await recordFfmpeg(dir, programs, transcode(source));
  const byHand = async () => {
    for (const command of commands) await run(ffmpegPath, [...command], { maxBuffer: 2 ** 26 });
  };
  const costs = { ours: [] as Cost[], hand: [] as Cost[], remux: [] as Cost[] };
  const compliant = await compliantVideo(dir, { seconds: SECONDS, width: 1920, height: 1080, rate: 30 });
  for (let round = 0; round < ROUNDS; round++) {
    const ours = async () => costs.ours.push(await costOf(transcode(source)));
    const hand = async () => costs.hand.push(await costOf(byHand));
    // Each goes first as often as the other: whatever the machine is doing beside this comes and goes.
    for (const turn of round % 2 === 0 ? [ours, hand] : [hand, ours]) await turn();
    costs.remux.push(await costOf(transcode(compliant)));
  }
  const { remuxed } = await transcodeVideo(compliant, outDir);
  const encode = await costOf(() => transcodeVideo(compliant, outDir, { profile: { remuxBitrate: 0 } }));
  const cpu = (list: readonly Cost[]) => median(list.map((cost) => cost.cpu));
  const wall = (list: readonly Cost[]) => median(list.map((cost) => cost.wall));
  row('transcodeVideo', `${ms(cpu(costs.ours))} CPU`, `${ms(wall(costs.ours))} wall`);
  row('the same command by hand', `${ms(cpu(costs.hand))} CPU`, `${ms(wall(costs.hand))} wall`);
  note(describe(commands, ffmpegPath));
  verdict('CPU, ours to by hand', cpu(costs.ours) / cpu(costs.hand), { atMost: 1.03 });
  row('transcodeVideo of a compliant source', `${ms(cpu(costs.remux))} CPU`, `${ms(wall(costs.remux))} wall`);
  row('the same, made to encode it', `${ms(encode.cpu)} CPU`, `${ms(encode.wall)} wall`);
  const share = `1/${Math.round(encode.cpu / cpu(costs.remux))} of encoding it`;
  const sizes = `${megabytes((await stat(compliant)).size)} in`;
  note(
    `${remuxed ? 'it was remuxed' : 'it was NOT remuxed'}, poster and probe included, for ${share} (${sizes})`,
  );
}

function describe(commands: readonly Arguments[], program: string): string {
  return commands.map((command) => [program, ...command].join(' ')).join('\n  ');
}
