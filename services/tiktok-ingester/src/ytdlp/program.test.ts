import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { inWords, locateYtdlp } from './program.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ytdlp-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const program = async (name: string, script: string) => {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
};

it('says its version, and when it is too old', () => {
  const now = Date.UTC(2026, 10, 21);
  expect(inWords('2026.11.01', now)).toBe('yt-dlp 2026.11.01');
  expect(inWords('2026.08.23', now)).toBe('yt-dlp 2026.08.23');
  expect(inWords('2026.08.22', now)).toMatch(/^yt-dlp 2026.08.22 \(too old by 1 days/);
  expect(inWords('2023.03.04.1', now)).toMatch(/too old by 1268 days/);
  expect(inWords('master', now)).toBe('yt-dlp master');
});

it('is found where it is said to be, and asked for its version once', async () => {
  const log = join(folder, 'asked');
  const path = await program('good', `echo x >> ${log}; echo 2026.11.01`);
  const locate = locateYtdlp(path);
  const [first, second] = await Promise.all([locate(), locate()]);
  expect(first).toMatchObject({ path, version: '2026.11.01' });
  expect(second).toBe(first);
});

it('that does not start is broken, until it is mended', async () => {
  const path = await program('mended', 'exit 1');
  const locate = locateYtdlp(path);
  const broken = { name: 'TransientError', code: 'ytdlp_broken' };
  await expect(locate()).rejects.toMatchObject(broken);
  await program('mended', 'echo 2026.11.01');
  await expect(locate()).resolves.toMatchObject({ version: '2026.11.01' });
  await expect(locateYtdlp('/nowhere/yt-dlp')()).rejects.toMatchObject(broken);
});
