import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { styleText } from 'node:util';
import { MultiBar, Presets, type SingleBar } from 'cli-progress';
import { projectRoot } from '../services.ts';
import { startStack } from '../stack.ts';
import { listenForStop } from '../stop-signals.ts';
import { Client } from './client.ts';
import { faces } from './faces.ts';
import { harvest } from './harvest.ts';
import { lecture } from './lecture.ts';
import { media } from './media.ts';
import type { DemoPart } from './part.ts';
import { formatTable } from './report.ts';
import { tiktok } from './tiktok.ts';

/** One part a service; each new service adds its own. */
const parts: readonly DemoPart[] = [media, lecture, faces, harvest, tiktok];

/**
 * `npm run demo`: brings everything up in a folder of its own, does the main job of every service on real input, prints
 * what came out, and ends. Returns 0, or 1 when anything is not as promised.
 */
export async function run(): Promise<number> {
  const stopRequest = listenForStop();
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const started = performance.now();
  const home = join(projectRoot, '.mediaworks', 'demo');
  await rm(home, { recursive: true, force: true });
  const samples = join(home, 'samples');
  const outputs = join(home, 'outputs');
  await mkdir(samples, { recursive: true });
  await mkdir(outputs, { recursive: true });

  say('Starting Postgres, Redis and the services …');
  const outside = await bringOutside();
  const stack = await startStack({
    dataDir: join(home, 'data'),
    env: { LOG_LEVEL: 'warn', RATE_LIMIT: '100000', ...process.env, ...outside.env },
    log: (name, line) => {
      if (/\b(warn|error)\b/.test(line)) say(`${name} ${line}`);
    },
    signal: stopRequest,
  }).catch(async (error: unknown) => {
    await outside.stop();
    throw error;
  });
  const bars = openBars();
  try {
    if (stack.baseUrl === undefined) throw new Error('The gateway has no address');
    say(`The gateway answers at ${stack.baseUrl}`);
    const client = new Client(stack.baseUrl, stack.token);
    for (const part of parts) {
      say(`\n${styleText('bold', part.service)}`);
      const rows = await part.run({ client, samples, outputs, progress: bars.show });
      bars.clear();
      say(`\n${formatTable(rows)}`);
    }
    say(
      `\nAll as promised, in ${((performance.now() - started) / 1_000).toFixed(0)} s. Look at it in .mediaworks/demo/outputs`,
    );
    return 0;
  } catch (error) {
    bars.clear();
    say(styleText('red', error instanceof Error ? error.message : String(error)));
    return 1;
  } finally {
    await stack.stop();
    await outside.stop();
  }
}

/** What the parts know of the world outside, and the environment that leads there. */
async function bringOutside(): Promise<{ env: NodeJS.ProcessEnv; stop(): Promise<void> }> {
  const stops: (() => Promise<void>)[] = [];
  let env: NodeJS.ProcessEnv = {};
  for (const part of parts) {
    const outside = await part.outside?.();
    if (!outside) continue;
    stops.push(outside.stop);
    env = { ...env, ...outside.env };
  }
  return {
    env,
    stop: async () => {
      for (const stop of stops) await stop();
    },
  };
}

/** A bar a job on a terminal; elsewhere a line a job when it is done. */
function openBars(): { show(name: string, percent: number, stage: string): void; clear(): void } {
  const terminal = process.stdout.isTTY;
  const bars = terminal
    ? new MultiBar(
        { format: '  {name} {bar} {percentage}% {stage}', hideCursor: true, clearOnComplete: false },
        Presets.shades_classic,
      )
    : undefined;
  const known = new Map<string, SingleBar | undefined>();
  return {
    show: (name, percent, stage) => {
      const payload = { name: name.padEnd(24), stage };
      if (!known.has(name)) known.set(name, bars?.create(100, 0, payload));
      known.get(name)?.update(Math.round(percent), payload);
      if (!terminal && percent === 100) process.stdout.write(`  ${payload.name} 100% ${stage}\n`);
    },
    clear: () => {
      bars?.stop();
      known.clear();
    },
  };
}
