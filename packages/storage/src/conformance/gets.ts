import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bytesOf, closed, MB, pattern } from './bodies.ts';
import type { Bench } from './subject.ts';

const run = promisify(execFile);

export function describeGets({ describe, it, expect, beforeAll, afterAll, store, expectCode }: Bench): void {
  describe('get', () => {
    const bytes = pattern(300_000);
    beforeAll(async () => {
      await store().put('ranged', bytes);
      await store().put('empty', Buffer.alloc(0));
    });

    it.each([
      ['the first byte', 0, 0, 1],
      ['some first bytes', 0, 9, 10],
      ['some bytes', 65_530, 65_545, 16],
      ['the last byte', 299_999, 299_999, 1],
      ['the last bytes', 299_000, 299_999, 1_000],
      ['past the end', 299_990, 999_999, 10],
      ['until whatever end', 299_990, Infinity, 10],
      ['everything', 0, 299_999, 300_000],
    ])('gives %s', async (_name, start, end, length) => {
      const got = await bytesOf(store().get('ranged', { range: { start, end } }));
      expect(got.length).toBe(length);
      expect(got.equals(bytes.subarray(start, end + 1))).toBe(true);
    });

    it.each([
      ['from the end on', 300_000, 300_010],
      ['far beyond', 9_999_999, 10_000_000],
      ['backwards', 10, 9],
      ['before the start', -1, 5],
      ['not whole', 1.5, 5],
      ['no number', NaN, NaN],
    ])('refuses a range %s', async (_name, start, end) => {
      await expectCode(store().get('ranged', { range: { start, end } }), 'invalid_range');
    });

    it('finds no range in an empty object', async () => {
      await expectCode(store().get('empty', { range: { start: 0, end: 0 } }), 'invalid_range');
      expect((await bytesOf(store().get('empty'))).length).toBe(0);
    });

    it('stops at the signal', async () => {
      await store().put('long', pattern(12 * MB));
      const controller = new AbortController();
      const body = await store().get('long', { signal: controller.signal });
      controller.abort(new Error('gone'));
      await expect(bytesOf(body)).rejects.toThrow();
      await closed(body);
      const reason = new Error('never mind');
      await expect(store().get('long', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    });

    it('can be left halfway', async () => {
      const body = await store().get('long');
      body.destroy();
      await closed(body);
      expect((await bytesOf(store().get('long'))).length).toBe(12 * MB);
    });
  });

  describe('withFile', () => {
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'conformance-'));
    });
    afterAll(() => rm(folder, { recursive: true }));
    const scratch = () => join(folder, 'scratch');
    const left = () => readdir(folder);

    it('lends the bytes to us and to child processes, and leaves nothing behind', async () => {
      for (const size of [0, 1_000, 12 * MB]) {
        await store().put('saved', pattern(size));
        const seen = await store().withFile('saved', scratch, async (path) => [
          await readFile(path),
          (await run('cat', [path], { encoding: 'buffer', maxBuffer: 20 * MB })).stdout,
        ]);
        for (const bytes of seen) expect(bytes.equals(pattern(size))).toBe(true);
        expect(await left()).toEqual([]);
      }
    });

    it('keeps to the object that it opened', async () => {
      await store().put('lent', pattern(1_000, 1));
      const bytes = await store().withFile('lent', scratch, async (path) => {
        await store().put('lent', pattern(2_000, 2));
        await store().remove('lent');
        return readFile(path);
      });
      expect(bytes.equals(pattern(1_000, 1))).toBe(true);
    });

    it('passes on what goes wrong with the work', async () => {
      await store().put('unlucky', pattern(1_000));
      const reason = new Error('broken');
      await expect(store().withFile('unlucky', scratch, () => Promise.reject(reason))).rejects.toBe(reason);
      expect(await left()).toEqual([]);
    });

    it('does no work without the object, or once it is aborted', async () => {
      const never = () => Promise.reject(new Error('was called'));
      await expectCode(store().withFile('nobody', scratch, never), 'not_found');
      await store().put('saved', pattern(1_000));
      const reason = new Error('cancelled');
      const signal = AbortSignal.abort(reason);
      await expect(store().withFile('saved', scratch, never, { signal })).rejects.toBe(reason);
      expect(await left()).toEqual([]);
    });
  });

  describe('what is not there', () => {
    it('is told as such', async () => {
      const key = `nobody/${randomUUID()}`;
      expect(await store().head(key)).toBeUndefined();
      await expectCode(store().get(key), 'not_found');
      await expectCode(store().get(key, { range: { start: 0, end: 0 } }), 'not_found');
      await expectCode(store().copy(key, 'there'), 'not_found');
      expect(await store().head('there')).toBeUndefined();
    });
  });
}
