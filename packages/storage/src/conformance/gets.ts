import { randomUUID } from 'node:crypto';
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesOf, closed, MB, pattern, sha256 } from './bodies.ts';
import type { Bench } from './subject.ts';

export function describeGets({ describe, it, expect, beforeAll, store, expectCode }: Bench): void {
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

  describe('getFile', () => {
    it('gives a file of its own', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
      try {
        for (const size of [0, 1_000, 12 * MB]) {
          const path = join(folder, `${size}`);
          await store().put('saved', pattern(size), { contentType: 'audio/mpeg' });
          const head = await store().getFile('saved', path);
          expect(head).toMatchObject({
            key: 'saved',
            size,
            sha256: sha256(pattern(size)),
            contentType: 'audio/mpeg',
          });
          expect((await readFile(path)).equals(pattern(size))).toBe(true);
          await appendFile(path, 'more');
          await writeFile(path, 'other');
          expect((await bytesOf(store().get('saved'))).equals(pattern(size))).toBe(true);
          expect(await store().head('saved')).toMatchObject({ size, sha256: sha256(pattern(size)) });
        }
      } finally {
        await rm(folder, { recursive: true });
      }
    });

    it('touches no file that is there, and leaves none when it fails', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
      try {
        const there = join(folder, 'there');
        await writeFile(there, 'mine');
        await store().put('saved', pattern(1_000));
        await expect(store().getFile('saved', there)).rejects.toThrow('EEXIST');
        expect(await readFile(there, 'utf8')).toBe('mine');
        await expectCode(store().getFile('nobody', join(folder, 'none')), 'not_found');
        const reason = new Error('cancelled');
        const signal = AbortSignal.abort(reason);
        await expect(store().getFile('saved', join(folder, 'none'), { signal })).rejects.toBe(reason);
        expect(await readdir(folder)).toEqual(['there']);
      } finally {
        await rm(folder, { recursive: true });
      }
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
