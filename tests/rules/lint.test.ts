import { execFile } from 'node:child_process';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { workspacePath } from '@mediaworks/local-stack/testing';

/** [file that it pretends to be, its code, what ESLint must say]. */
type Snippet = [file: string, code: string, says: RegExp];

const contracts = 'packages/contracts/src/index.ts';
const runtime = 'packages/runtime/src/index.ts';
const jobs = 'packages/jobs/src/index.ts';
const gateway = 'services/gateway/src/app.ts';
const worker = 'services/media-transcoder/src/main.ts';

const refused: Snippet[] = [
  [contracts, "import 'winston';", /packages\/contracts may import zod alone/],
  [contracts, "import '@mediaworks/runtime';", /may import no package of ours, not runtime/],
  [runtime, "import '@mediaworks/database';", /may import contracts, not database/],
  [runtime, "export * from '@mediaworks/jobs';", /not jobs/],
  ['packages/storage/src/index.ts', "export { x } from '@mediaworks/database';", /not database/],
  ['packages/media/src/index.ts', "import '@mediaworks/jobs';", /not jobs/],
  ['packages/database/src/index.ts', "import '@mediaworks/storage';", /not storage/],
  [jobs, "await import('@mediaworks/local-stack');", /not local-stack/],
  [jobs, "import '@mediaworks/gateway';", /not gateway/],
  [jobs, "import '../../runtime/src/log.ts';", /is in another package/],
  [gateway, "import 'bullmq';", /only packages\/jobs may import bullmq/],
  [gateway, "import '@mediaworks/local-stack';", /not local-stack/],
  [gateway, "import '@mediaworks/media-transcoder';", /not media-transcoder/],
  [gateway, "import '../../media-transcoder/src/transcode.ts';", /is in another package/],
  [worker, "import type { Pool } from 'pg';", /a worker's code may not import pg/],
  [worker, "import 'express';", /a worker's code may not import express/],
  [worker, "import { sql } from 'kysely';", /a worker's code may not import kysely/],
  [worker, "type Queue = import('bullmq').Queue;", /only packages\/jobs may import bullmq/],
  [worker, 'export const home = process.env.HOME;', /no-restricted-properties/],
  [worker, "export const home = process['env']['HOME'];", /no-restricted-properties/],
  [worker, "import { env } from 'node:process';", /no-restricted-imports/],
  [gateway, 'const work = async () => {}; work();', /no-floating-promises/],
  [gateway, '[1].forEach(async () => { await Promise.resolve(); });', /no-misused-promises/],
  [gateway, 'export const x = (y: any) => y;', /no-explicit-any/],
  [gateway, 'export const x = (y: string | null) => y!.length;', /no-non-null-assertion/],
];

const allowed: [file: string, code: string][] = [
  [contracts, "import { z } from 'zod';\nexport const x = z.string();"],
  [runtime, "export * from '@mediaworks/contracts';"],
  [runtime, "export const home = process.env['HOME'];"],
  [jobs, "export { Queue } from 'bullmq';"],
  [gateway, "export * from '@mediaworks/jobs';\nexport { Router } from 'express';"],
  [worker, "export * from '@mediaworks/media';"],
  ['services/firebase-harvester/src/queries.ts', "export { sql } from 'kysely';"],
  ['packages/database/src/migrate.test.ts', "export * from '@mediaworks/local-stack/testing';"],
];

describe('lint', () => {
  let said: string[][];

  beforeAll(async () => {
    const snippets = [...refused, ...allowed].map(([file, code]) => ({ file: workspacePath(file), code }));
    said = JSON.parse(await lint(JSON.stringify(snippets))) as string[][];
  }, 240_000);

  it.each(refused.map((snippet, i) => [...snippet, i] as const))(
    'refuses in %s: %s',
    (_file, _code, says, i) => {
      expect(said[i]?.join('\n')).toMatch(says);
    },
  );

  it.each(allowed.map((snippet, i) => [...snippet, refused.length + i] as const))(
    'allows in %s: %s',
    (_file, _code, i) => {
      expect(said[i]).toEqual([]);
    },
  );
});

function lint(snippets: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      [workspacePath('tests/rules/lint-snippets.mjs')],
      { cwd: workspacePath(''), env: { PATH: process.env['PATH'] }, maxBuffer: 2 ** 24 },
      (error, stdout) => {
        if (error === null) resolve(stdout);
        else reject(new Error(error.message));
      },
    );
    child.stdin?.end(snippets);
  });
}
