import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { randomFillSync } from 'node:crypto';
import { join } from 'node:path';
import { startScript } from '../child.ts';
import { cpuOf, memoryOf } from '../cpu-time.ts';
import { heading, median, megabytes, ms, row, verdict } from '../report.ts';
import { sendFile } from '../send-file.ts';
import { openStack } from '../stack.ts';

const BYTES = 100 * 2 ** 20;
const ROUNDS = 6;
/** The kernel counts CPU in steps of 10 ms: of two uploads together that is little. */
const UPLOADS_A_ROUND = 2;
const WATCH_MS = 10;

interface Server {
  pid: number;
  url: string;
  headers: Record<string, string>;
  /** Where it puts what it was sent. */
  dir: string;
}

interface Run {
  /** Of one upload, in ms. */
  cpu: number;
  wall: number;
  /** Most resident memory over what it was before, in bytes. */
  growth: number;
}

/** 100 MB through the gateway into the store, against busboy with a SHA-256 to disk. */
export async function benchUpload(dir: string): Promise<void> {
  heading('Upload: 100 MB');
  const file = await makeFile(dir);
  const bareDir = join(dir, 'bare');
  await mkdir(bareDir);
  const stack = await openStack(dir, { env: { MAX_VIDEO_BYTES: String(BYTES) } });
  const bare = await startScript(new URL('bare-busboy.js', import.meta.url), [bareDir], {
    ready: '"listening"',
  });
  const { port } = JSON.parse(bare.line) as { port: number };
  const gatewayServer: Server = {
    ...{ pid: stack.gateway.pid, url: `${stack.url}/api/media/upload/`, dir: join(dir, 'objects', 'media') },
    headers: { authorization: stack.authorization },
  };
  const bareServer: Server = { pid: bare.pid, url: `http://127.0.0.1:${port}/`, dir: bareDir, headers: {} };
  const runs = { gateway: [] as Run[], bare: [] as Run[] };
  try {
    const idle = memoryOf(gatewayServer.pid);
    for (const server of [gatewayServer, bareServer]) await measure(server, file, 1);
    for (let round = 0; round < ROUNDS; round++) {
      runs.gateway.push(await measure(gatewayServer, file, UPLOADS_A_ROUND, idle));
      runs.bare.push(await measure(bareServer, file, UPLOADS_A_ROUND));
    }
  } finally {
    await bare.stop();
    await stack.stop();
  }
  report(runs);
}

async function measure(
  server: Server,
  file: string,
  uploads: number,
  idle = memoryOf(server.pid),
): Promise<Run> {
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, memoryOf(server.pid))), WATCH_MS);
  const [cpu, start] = [cpuOf(server.pid), performance.now()];
  for (let n = 0; n < uploads; n++) await sendFile(server.url, file, server.headers);
  const run = { cpu: (cpuOf(server.pid) - cpu) / uploads, wall: (performance.now() - start) / uploads };
  clearInterval(watch);
  for (const name of await readdir(server.dir)) await rm(join(server.dir, name), { recursive: true });
  return { ...run, growth: most - idle };
}

/** Random bytes behind the head of an MP4, which is all that the gateway looks at. */
async function makeFile(dir: string): Promise<string> {
  const path = join(dir, 'video.mp4');
  const chunk = randomFillSync(Buffer.alloc(2 ** 20));
  const head = Buffer.from('\0\0\0\x18ftypisom\0\0\x02\0isommp42\0\0\0\x08free', 'latin1');
  const file = await open(path, 'w');
  for (let at = 0; at < BYTES; at += chunk.length) await file.write(chunk);
  await file.write(head, 0, head.length, 0);
  await file.close();
  return path;
}

function report(runs: { gateway: readonly Run[]; bare: readonly Run[] }): void {
  const middle = (list: readonly Run[], figure: keyof Run) => median(list.map((run) => run[figure]));
  for (const [name, list] of [
    ['gateway: POST /api/media/upload/', runs.gateway],
    ['bare busboy, SHA-256, file', runs.bare],
  ] as const) {
    row(name, `${ms(middle(list, 'cpu'))} CPU`, `${ms(middle(list, 'wall'))} wall`);
  }
  verdict('CPU of an upload, gateway to bare', middle(runs.gateway, 'cpu') / middle(runs.bare, 'cpu'), {
    atMost: 1.2,
  });
  const growth = Math.max(...runs.gateway.map((run) => run.growth));
  verdict(
    `memory that the gateway grew by, at most (${megabytes(growth)})`,
    growth / 2 ** 20,
    { atMost: 60 },
    ' MB',
  );
}
