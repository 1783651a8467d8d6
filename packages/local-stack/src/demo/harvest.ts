import { createWriteStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { HarvestResults } from '@mediaworks/contracts';
import { type DemoPart, type DemoStage, expectPromise } from './part.ts';
import { type DemoProject, openDemoProject } from './harvest-project.ts';
import { formatBytes, type ReportRow } from './report.ts';

let project: DemoProject | undefined;

/** firebase-harvester: the files of everybody in a small Firebase project become a tree. */
export const harvest: DemoPart = {
  service: 'firebase-harvester',
  outside: async () => {
    const opened = (project = await openDemoProject());
    return { env: opened.env, stop: () => opened.stop() };
  },
  run: async (stage) => {
    await project?.fill(stage.samples);
    const first = await runOnce('first run', stage);
    check(first);
    const second = await runOnce('second run', stage);
    expectPromise(
      second.total_files_downloaded === 0 && second.skipped_unchanged === first.total_files_downloaded,
      'the second run finds everything unchanged and fetches nothing',
    );
    const seconds = first.processing_time_seconds.toFixed(1);
    const rows = await Promise.all(first.user_results.map((user) => treeOf(user.user_email, seconds, stage)));
    return rows.flat();
  },
};

async function runOnce(name: string, { client, progress }: DemoStage): Promise<HarvestResults> {
  const { job_id: id } = await client.json<{ job_id: string }>('/batch-process-users', { method: 'POST' });
  const job = await client.follow(id, (one) => progress(name, one.progress.percent, one.progress.stage));
  expectPromise(job.status === 'completed', `the ${name} is completed (${job.error?.message ?? job.status})`);
  return client.json<HarvestResults>('/batch-process-results');
}

function check({ user_results: users, failed_users: failed }: HarvestResults): void {
  const [first, second, third] = users;
  expectPromise(
    first?.images_count === 2 && first.voices_count === 1,
    'all files of the first user are there',
  );
  expectPromise(
    second !== undefined && third !== undefined && second.folder !== third.folder,
    'two addresses that would become the same folder have one each',
  );
  expectPromise(
    failed === 1 && third?.errors.length === 1 && third.images_count === 1,
    'a file that is lost is told, and stops nothing else',
  );
}

interface Listed {
  files: { path: string; size: number; content_type: string; url: string }[];
}

/** Fetches a user's tree, as whoever was given the addresses would. */
async function treeOf(user: string, seconds: string, stage: DemoStage): Promise<ReportRow[]> {
  const query = new URLSearchParams({ user });
  const { files } = await stage.client.json<Listed>(`/batch-process-files?${query.toString()}`);
  const rows: ReportRow[] = [];
  for (const [i, { path, size, content_type, url }] of files.entries()) {
    const local = join(stage.outputs, path);
    await mkdir(dirname(local), { recursive: true });
    const response = await fetch(new URL(url, stage.client.baseUrl));
    expectPromise(response.ok && response.body !== null, `${path} can be fetched (${response.status})`);
    if (response.body) await pipeline(Readable.fromWeb(response.body), createWriteStream(local));
    expectPromise((await stat(local)).size === size, `${path} is whole`);
    rows.push({
      ...{ input: i === 0 ? user : '', output: path.split('/').slice(-2).join('/') },
      ...{ size: formatBytes(size), dimensions: '', codec: content_type, seconds: i === 0 ? seconds : '' },
      file: relative(process.cwd(), local),
    });
  }
  return rows;
}
