import { randomUUID } from 'node:crypto';
import { readdir, rename, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { harvesterTuning } from '@mediaworks/local-stack';
import { type Child, startScript } from '../child.ts';
import { cpuOf, cpuOfFamily, memoryOf } from '../cpu-time.ts';
import { startLineScript } from '../line-program.ts';
import { fillFreeMemory } from '../page-cache.ts';
import { heading, median, megabytes, note, perSecond, row, verdict } from '../report.ts';
import { openStack, type Stack } from '../stack.ts';
import { BUCKET, pathOf } from './origin.ts';
import { openBenchProject } from './project.ts';

const USERS = 200;
const FILES = 20;
const CONCURRENCY = 16;
const ROUNDS = 3;
/** The sequential way is slow enough to be measured on fewer. */
const SEQUENTIAL_USERS = 8;
const WATCH_MS = 100;

interface Run {
  /** Files a second. */
  rate: number;
  /** CPU of one file, in ms. */
  cpu: number;
  /** CPU of the other processes for one file, in ms. */
  others: Record<string, number>;
  /** Most resident memory, in bytes. */
  memory: number;
}

/** The CPU time of a process so far, in ms, by its name. */
type Clocks = Readonly<Record<string, () => number>>;

/** 200 users of 20 files out of a Storage 20 ms away, against the sequential way and a bare loop. */
export async function benchHarvest(dir: string): Promise<void> {
  heading(`Harvest: ${USERS} users of ${FILES} files, 0.1–2 MB each, 20 ms away, ${CONCURRENCY} at a time`);
  const origin = await startScript(new URL('origin-main.js', import.meta.url), [], { ready: '"listening"' });
  const { port } = JSON.parse(origin.line) as { port: number };
  const project = await openBenchProject(USERS, FILES);
  const env = {
    FIREBASE_PROJECT_ID: project.projectId,
    FIREBASE_STORAGE_BUCKET: BUCKET,
    FIRESTORE_EMULATOR_HOST: project.host,
    FIREBASE_STORAGE_EMULATOR_HOST: `127.0.0.1:${port}`,
    FIRESTORE_MIRROR: 'off',
    METADATA_SERVER_DETECTION: 'none',
    HARVEST_MAX_DOWNLOADS: String(CONCURRENCY),
    HARVEST_BUCKET_DOWNLOADS: String(CONCURRENCY),
    JWT_SECRETS: `bench:${'a-secret-for-benchmarks-alone'.repeat(2)}`,
  };
  const stack = await openStack(dir, { env });
  const harvester = await startScript(
    new URL('../../../services/firebase-harvester/dist/main.js', import.meta.url),
    [],
    { env: { ...stack.env, ...harvesterTuning }, ready: '"ready"' },
  );
  const peer = await startLineScript(new URL('bare-undici-main.js', import.meta.url));
  const ours = [
    harvester.pid,
    peer.pid,
    stack.gateway.pid,
    origin.pid,
    stack.pids.redis,
    stack.pids.postgres,
  ];
  const clocks: Clocks = {
    gateway: () => cpuOf(stack.gateway.pid),
    Postgres: () => cpuOfFamily(stack.pids.postgres),
    Redis: () => cpuOf(stack.pids.redis),
    'the Storage': () => cpuOf(origin.pid),
    // Its emulator is a child of this process, or runs in it.
    'the Firestore': () => ours.reduce((rest, pid) => rest - cpuOf(pid), cpuOfFamily(process.pid)),
  };
  const runs: Record<'service' | 'stream' | 'md5' | 'sequential', Run[]> = {
    ...{ service: [], stream: [], md5: [], sequential: [] },
  };
  const orderOf = (way: keyof typeof runs, users: number) => ({
    ...{ origin: `http://127.0.0.1:${port}`, dir: join(dir, way), way, concurrency: CONCURRENCY },
    paths: Array.from({ length: users * FILES }, (_, n) => pathOf(Math.floor(n / FILES), n % FILES)),
  });
  const bare = async (way: 'stream' | 'md5' | 'sequential', users = USERS) => {
    await fillFreeMemory(dir);
    runs[way].push(await measure(peer.pid, clocks, users * FILES, () => peer.ask(orderOf(way, users))));
    await putAside(join(dir, way));
  };
  try {
    // What each loads and compiles at its first files is not counted: V8 does not come to an end before some thousand.
    await harvest(stack, { dry_run: true });
    await harvest(stack);
    await check(dir);
    for (const way of ['stream', 'md5'] as const) {
      await peer.ask(orderOf(way, USERS));
      await putAside(join(dir, way));
    }
    for (let round = 0; round < ROUNDS; round++) {
      await fillFreeMemory(dir);
      runs.service.push(await measure(harvester.pid, clocks, USERS * FILES, () => harvest(stack)));
      await check(dir);
      await bare('stream');
      await bare('md5');
      await bare('sequential', SEQUENTIAL_USERS);
    }
  } finally {
    await stopAll([harvester, stack, origin, project, peer]);
  }
  report(runs);
}

async function stopAll(all: readonly Pick<Child, 'stop'>[]): Promise<void> {
  for (const one of all) await one.stop();
}

/** Everything anew: what is there already is fetched all the same. */
async function harvest({ url, authorization }: Stack, options: object = {}): Promise<void> {
  const headers = { authorization, 'content-type': 'application/json' };
  const body = JSON.stringify({ force: true, ...options });
  const answer = await fetch(`${url}/batch-process-users`, { method: 'POST', headers, body });
  const { job_id: id } = (await answer.json()) as { job_id: string };
  const events = await fetch(`${url}/api/jobs/${id}/events`, { headers });
  // The stream ends with the job.
  const text = await events.text();
  if (!/event: completed/.test(text)) throw new Error(`the harvest did not complete: ${text.slice(-500)}`);
}

/**
 * Empties the files of a round, which all go in the end. Removed at once, they would slow down whoever makes files next:
 * ext4 without a journal passes over each inode that was freed within minutes, one by one.
 */
async function putAside(folder: string): Promise<void> {
  for (const name of await readdir(folder, { recursive: true })) {
    const path = join(folder, name);
    if ((await stat(path)).isFile()) await truncate(path);
  }
  await rename(folder, `${folder}-${randomUUID()}`);
}

/** All files must be there, and go before the next round. */
async function check(dir: string): Promise<void> {
  const root = join(dir, 'objects', 'downloads');
  const entries = await readdir(root, { recursive: true });
  const files = entries.filter((name) => name.endsWith('.jpg')).length;
  if (files !== USERS * FILES) throw new Error(`${files} files are there, and not ${USERS * FILES}`);
  await putAside(root);
}

async function measure(
  pid: number,
  clocks: Clocks,
  files: number,
  work: () => Promise<unknown>,
): Promise<Run> {
  const spent = () => Object.fromEntries(Object.entries(clocks).map(([name, clock]) => [name, clock()]));
  let memory = 0;
  const watch = setInterval(() => (memory = Math.max(memory, memoryOf(pid))), WATCH_MS);
  const before = spent();
  const [cpu, start] = [cpuOf(pid), performance.now()];
  await work();
  clearInterval(watch);
  const seconds = (performance.now() - start) / 1_000;
  const after = spent();
  const others = Object.fromEntries(
    Object.entries(after).map(([name, spent]) => [name, (spent - (before[name] ?? 0)) / files]),
  );
  return { rate: files / seconds, cpu: (cpuOf(pid) - cpu) / files, others, memory };
}

function report(runs: Record<string, readonly Run[]>): void {
  const names: Record<string, string> = {
    service: 'the whole service',
    stream: 'bare undici, to disk, nothing checked',
    md5: 'bare undici, to disk, md5 compared',
    sequential: 'one after the other, as the seed',
  };
  const rates: Record<string, number> = {};
  for (const [way, list] of Object.entries(runs)) {
    rates[way] = median(list.map(({ rate }) => rate));
    const cpu = median(list.map((run) => run.cpu));
    const memory = Math.max(...list.map((run) => run.memory));
    row(names[way] ?? way, perSecond(rates[way], 'files'), `${cpu.toFixed(2)} ms CPU`, megabytes(memory));
    const others = Object.keys(list[0]?.others ?? {}).map((name) => {
      const each = median(list.map((run) => run.others[name] ?? NaN));
      return `${name} ${each.toFixed(2)}`;
    });
    note(`  beside it, in ms of CPU a file: ${others.join(', ')}`);
  }
  const { service = NaN, stream = NaN, md5 = NaN, sequential = NaN } = rates;
  verdict('files a second, service to sequential', service / sequential, { atLeast: 6 });
  verdict('files a second, service to bare undici that compares md5', service / md5, { atLeast: 0.8 });
  verdict('files a second, service to bare undici that checks nothing', service / stream, { atLeast: 0.8 });
  const memory = Math.max(...(runs['service'] ?? []).map((run) => run.memory));
  verdict('memory of the harvester, at most', memory / 2 ** 20, { atMost: 200 }, ' MB');
}
