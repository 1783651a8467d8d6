import { randomUUID } from 'node:crypto';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesOf, chunked, closed, failing, MB, pattern, sha256, stalling, streamOf } from './bodies.ts';
import type { Bench } from './subject.ts';

/** More than one part of any adapter, so that a failure comes when some are stored. */
const LONG = 12 * MB;

export function describePuts({ describe, it, expect, store, subject, lacks, expectCode }: Bench): void {
  const onDisk = async <T>(work: (path: string) => Promise<T>): Promise<T> => {
    const path = join(tmpdir(), `conformance-${randomUUID()}`);
    try {
      return await work(path);
    } finally {
      await rm(path, { force: true });
    }
  };
  const expectNothingLeft = async () => {
    if (lacks('ending_uploads') === undefined) expect(await subject().leftovers()).toEqual([]);
  };

  describe('put', () => {
    const bodies = {
      nothing: 0,
      'one byte': 1,
      'a block': 65_536,
      'a part and a byte': 5 * MB + 1,
      'some parts': LONG,
    };
    it.each(Object.entries(bodies))('stores a stream and a buffer of %s', async (name, size) => {
      const bytes = pattern(size);
      for (const [form, body] of [['stream', streamOf(bytes)] as const, ['buffer', bytes] as const]) {
        const key = `sizes/${name}/${form}`;
        const head = await store().put(key, body, { contentType: 'image/png' });
        const told = { key, size, sha256: sha256(bytes), contentType: 'image/png' };
        expect(head).toMatchObject(told);
        expect(await store().head(key)).toMatchObject(told);
        expect((await bytesOf(store().get(key))).equals(bytes)).toBe(true);
      }
      expect(await subject().leftovers()).toEqual([]);
    });

    it('tells of a chunk only when nothing looks at it any more', async () => {
      const bytes = pattern(LONG);
      const told: Uint8Array[] = [];
      const onWritten = (chunk: Uint8Array) => {
        told.push(chunk);
        chunk.fill(0);
      };
      const body = chunked(Buffer.from(bytes));
      expect(await store().put('sizes/wiped', body, { onWritten })).toMatchObject({ sha256: sha256(bytes) });
      expect((await bytesOf(store().get('sizes/wiped'))).equals(bytes)).toBe(true);
      expect(new Set(told).size).toBe(told.length);
    });

    it('stores what comes from a generator, and ends one that it refuses', async () => {
      const bytes = pattern(LONG);
      const generated = chunked(bytes);
      expect(await store().put('sizes/generated', generated)).toMatchObject({
        size: LONG,
        sha256: sha256(bytes),
      });
      expect((await bytesOf(store().get('sizes/generated'))).equals(bytes)).toBe(true);
      const long = chunked(bytes);
      await expectCode(store().put('sizes/generated', long, { maxBytes: 100_000 }), 'too_large');
      const unread = chunked(bytes);
      await expectCode(store().put('../sizes', unread), 'invalid_key');
      for (const one of [generated, long, unread]) expect(await one.next()).toMatchObject({ done: true });
      expect(await store().head('sizes/generated')).toMatchObject({ size: LONG });
      await expectNothingLeft();
    });

    it('tells a type where none is given, and the time', async () => {
      const from = Date.now() - 2_000;
      await store().put('plain', Buffer.from('x'));
      const head = await store().head('plain');
      expect(head?.contentType).toBe('application/octet-stream');
      expect(head?.modifiedAt.getTime()).toBeGreaterThan(from);
      expect(head?.modifiedAt.getTime()).toBeLessThan(Date.now() + 2_000);
    });

    it.each(['text/plain; charset="utf-8"', `application/vnd.${'x'.repeat(64)}`])(
      'keeps %s',
      async (contentType) => {
        expect(await store().put('typed', pattern(10), { contentType })).toMatchObject({ contentType });
        expect(await store().head('typed')).toMatchObject({ contentType });
      },
    );

    it.each(['', 'text/plain,', 'text/plain\r\nx: y', 'x'.repeat(81)])(
      'refuses the type %j',
      async (contentType) => {
        await expect(store().put('typed', pattern(10), { contentType })).rejects.toThrow(RangeError);
        await expect(store().put('typed', streamOf(pattern(10)), { contentType })).rejects.toThrow(
          RangeError,
        );
      },
    );

    it('replaces what was there, with its type', async () => {
      await store().put('replaced', pattern(1_000, 1), { contentType: 'text/plain' });
      await store().put('replaced', streamOf(pattern(1_000, 2)), { contentType: 'text/html' });
      expect(await store().head('replaced')).toMatchObject({
        sha256: sha256(pattern(1_000, 2)),
        contentType: 'text/html',
      });
      expect((await bytesOf(store().get('replaced'))).equals(pattern(1_000, 2))).toBe(true);
    });

    it('takes the hash that is expected, in letters of either case', async () => {
      for (const size of [1_000, LONG]) {
        const expectedSha256 = sha256(pattern(size)).toUpperCase();
        const head = await store().put('expected', streamOf(pattern(size)), { expectedSha256 });
        expect(head).toMatchObject({ size, sha256: expectedSha256.toLowerCase() });
        expect(await store().head('expected')).toMatchObject({ size, sha256: expectedSha256.toLowerCase() });
      }
    });

    it('stores a file and leaves it as it is', async () => {
      for (const size of [0, 1_000, LONG]) {
        await onDisk(async (path) => {
          await writeFile(path, pattern(size));
          const before = await stat(path);
          const head = await store().putFile('file', path, { contentType: 'video/mp4' });
          expect(head).toMatchObject({ size, sha256: sha256(pattern(size)), contentType: 'video/mp4' });
          expect(await store().head('file')).toMatchObject({ size, sha256: sha256(pattern(size)) });
          expect((await bytesOf(store().get('file'))).equals(pattern(size))).toBe(true);
          const after = await stat(path);
          expect([after.ino, after.size, after.mtimeMs]).toEqual([before.ino, before.size, before.mtimeMs]);
          // What happens to the file later is not done to the object.
          await writeFile(path, 'something else');
          expect((await bytesOf(store().get('file'))).equals(pattern(size))).toBe(true);
        });
      }
    });
  });

  describe('a put that fails keeps the old object and nothing else:', () => {
    const old = pattern(2_000, 9);
    const expectOld = async (key: string) => {
      expect(await store().head(key)).toMatchObject({ sha256: sha256(old), contentType: 'text/old' });
      expect((await bytesOf(store().get(key))).equals(old)).toBe(true);
      await expectNothingLeft();
    };
    const withOld = async (key: string) => {
      await store().put(key, old, { contentType: 'text/old' });
      return key;
    };

    it.each([1_000, LONG])('another hash than expected, %d bytes', async (size) => {
      const key = await withOld(`kept/hash-${size}`);
      const expectedSha256 = sha256(Buffer.from('other'));
      const body = streamOf(pattern(size));
      await expectCode(store().put(key, body, { expectedSha256 }), 'checksum_mismatch');
      await closed(body);
      await expectCode(store().put(key, pattern(size), { expectedSha256 }), 'checksum_mismatch');
      await onDisk(async (path) => {
        await writeFile(path, pattern(size));
        await expectCode(store().putFile(key, path, { expectedSha256 }), 'checksum_mismatch');
        expect((await readFile(path)).length).toBe(size);
      });
      await expectOld(key);
    });

    it.each([1_000, LONG])('a body longer than %d bytes', async (maxBytes) => {
      const key = await withOld(`kept/long-${maxBytes}`);
      const bytes = pattern(maxBytes + 1);
      const body = streamOf(bytes);
      await expectCode(store().put(key, body, { maxBytes }), 'too_large');
      await closed(body);
      await expectCode(store().put(key, bytes, { maxBytes }), 'too_large');
      await onDisk(async (path) => {
        await writeFile(path, bytes);
        await expectCode(store().putFile(key, path, { maxBytes }), 'too_large');
      });
      await expectOld(key);
      expect(await store().put('just', streamOf(bytes.subarray(1)), { maxBytes })).toMatchObject({
        size: maxBytes,
      });
    });

    it.each([1_000, LONG])('a source that fails after %d bytes', async (size) => {
      const key = await withOld(`kept/source-${size}`);
      const error = new Error('the source broke');
      await expect(store().put(key, failing(size, error))).rejects.toBe(error);
      await expectOld(key);
    });

    it.each([65_536, LONG])('an abort after %d bytes', async (size) => {
      const key = await withOld(`kept/abort-${size}`);
      const { stream, reached } = stalling(size);
      const controller = new AbortController();
      const reason = new Error('cancelled');
      const putting = store().put(key, stream, { signal: controller.signal });
      await reached;
      controller.abort(reason);
      await expect(putting).rejects.toBe(reason);
      await closed(stream);
      await expectOld(key);
    });

    it('an abort before it began', async () => {
      const key = await withOld('kept/early');
      const body = streamOf(pattern(1_000));
      const reason = new Error('cancelled');
      await expect(store().put(key, body, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      await closed(body);
      await expectOld(key);
    });

    it('a file that is not there', async () => {
      const key = await withOld('kept/absent');
      await expect(store().putFile(key, join(tmpdir(), randomUUID()))).rejects.toThrow('ENOENT');
      await expectOld(key);
    });

    it('where nothing was, nothing is', async () => {
      const error = new Error('the source broke');
      await expect(store().put('kept/none', failing(LONG, error))).rejects.toBe(error);
      expect(await store().head('kept/none')).toBeUndefined();
      await expectNothingLeft();
    });
  });
}
