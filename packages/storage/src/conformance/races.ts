import { MB, bytesOf, pattern, sha256, streamOf } from './bodies.ts';
import type { Bench } from './subject.ts';

export function describeRaces({ describe, it, expect, store, subject, lacks }: Bench): void {
  const gap = lacks('whole_objects');

  describe('one key, used by many', () => {
    it(`shows a reader the object that it opened${gap === undefined ? '' : ` (not here: ${gap})`}`, async () => {
      const [before, after] = [pattern(12 * MB, 1), pattern(12 * MB, 2)];
      await store().put('race/reader', before);
      const reading = await store().get('race/reader');
      if (gap === undefined) {
        await store().put('race/reader', after);
        expect((await bytesOf(reading)).equals(before)).toBe(true);
      } else {
        expect((await bytesOf(reading)).equals(before)).toBe(true);
        await store().put('race/reader', after);
      }
      expect((await bytesOf(store().get('race/reader'))).equals(after)).toBe(true);
    });

    it(`shows whole objects while it is written${gap === undefined ? '' : ` (not here: ${gap})`}`, async () => {
      const versions = Array.from({ length: 12 }, (_, i) => pattern(300_000 + i, i + 1));
      const known = new Map(versions.map((bytes, i) => [sha256(bytes), `text/x-${i}`]));
      await store().put('race/written', versions[0] ?? Buffer.alloc(0), { contentType: 'text/x-0' });
      let writing = true;
      const read = async () => {
        while (writing && gap === undefined) {
          expect(known.has(sha256(await bytesOf(store().get('race/written'))))).toBe(true);
          const head = await store().head('race/written');
          // The type tells that the details are those of the bytes.
          expect(known.get(head?.sha256 ?? '')).toBe(head?.contentType);
        }
      };
      const write = async () => {
        for (const [i, bytes] of versions.entries()) {
          await store().put('race/written', streamOf(bytes), { contentType: `text/x-${i}` });
        }
        writing = false;
      };
      await Promise.all([read(), read(), write()]);
      expect((await store().head('race/written'))?.contentType).toBe('text/x-11');
    });

    it(`keeps one of the objects that are put at once${gap === undefined ? '' : ` (not here: ${gap})`}`, async () => {
      const bodies = Array.from({ length: 10 }, (_, i) => pattern(i < 2 ? 6 * MB : 100_000 + i, i + 1));
      const putting = bodies.map((bytes, i) => async () => {
        await store().put('race/puts', streamOf(bytes), { contentType: `text/x-${i}` });
      });
      if (gap === undefined) await Promise.all(putting.map((put) => put()));
      else for (const put of putting) await put();
      const head = await store().head('race/puts');
      const got = await bytesOf(store().get('race/puts'));
      const winner = bodies.findIndex((bytes) => sha256(bytes) === sha256(got));
      expect(winner).toBeGreaterThanOrEqual(0);
      expect(head).toMatchObject({ sha256: sha256(got), size: got.length, contentType: `text/x-${winner}` });
      expect(await subject().leftovers()).toEqual([]);
    });

    it('takes puts and removals at once', async () => {
      for (let round = 0; round < 5; round++) {
        await Promise.all(
          Array.from({ length: 6 }, async (_, i) => {
            if (i % 2 === 0) await store().put(`race/deep/er/${round}`, pattern(100));
            else await store().remove(`race/deep/er/${round}`);
          }),
        );
        await store().put(`race/deep/er/${round}`, pattern(100), { contentType: 'text/plain' });
        expect(await store().head(`race/deep/er/${round}`)).toMatchObject({ contentType: 'text/plain' });
        await store().remove(`race/deep/er/${round}`);
      }
    });
  });

  describe('copy', () => {
    it('gives the same bytes and details under another key', async () => {
      for (const size of [0, 1_000, 12 * MB]) {
        const told = { size, sha256: sha256(pattern(size)), contentType: 'image/webp' };
        await store().put('copy/from', pattern(size), { contentType: 'image/webp' });
        expect(await store().copy('copy/from', 'copy/tö b')).toMatchObject({ key: 'copy/tö b', ...told });
        await store().remove('copy/from');
        expect(await store().head('copy/tö b')).toMatchObject({ key: 'copy/tö b', ...told });
        expect((await bytesOf(store().get('copy/tö b'))).equals(pattern(size))).toBe(true);
      }
    });

    it('replaces what was there, and may copy an object to itself', async () => {
      await store().put('copy/one', pattern(10, 1), { contentType: 'text/one' });
      await store().put('copy/two', pattern(20, 2), { contentType: 'text/two' });
      await store().copy('copy/one', 'copy/two');
      expect(await store().copy('copy/two', 'copy/two')).toMatchObject({ size: 10, contentType: 'text/one' });
      expect(await store().head('copy/two')).toMatchObject({ size: 10, contentType: 'text/one' });
    });
  });

  describe('remove', () => {
    it('removes one object, once or twice', async () => {
      await store().put('removed/a', pattern(1));
      await store().put('removed/b', pattern(1));
      await store().remove('removed/a');
      await store().remove('removed/a');
      await store().remove('removed');
      await store().remove('removed/b/nothing/below');
      expect(await store().head('removed/a')).toBeUndefined();
      expect(await store().head('removed/b')).toBeDefined();
    });
  });

  describe('check', () => {
    it('finds a store that works', async () => {
      await store().check();
      await store().check();
      expect(await subject().leftovers()).toEqual([]);
    });
  });
}
