import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createHash } from 'node:crypto';
import { lazily, MB } from './bodies.ts';
import type { Bench } from './subject.ts';

const STREAMED = 200 * MB;
const MOST_GROWTH = 60 * MB;

export function describeMemory({ describe, it, expect, store }: Bench): void {
  describe('memory', () => {
    it('stays bounded while 200 MB go in and out', async () => {
      // What nobody holds any more must not count, whenever the collector would have come by.
      setFlagsFromString('--expose-gc');
      const collect = runInNewContext('gc') as () => void;
      // Once before, so that what is loaded and pooled on first use does not count either.
      await store().put('memory', lazily(16 * MB).stream);
      collect();
      const before = process.memoryUsage.rss();
      let most = 0;
      let seen = 0;
      const measure = () => {
        if (++seen % 16 === 0) collect();
        most = Math.max(most, process.memoryUsage.rss() - before);
      };

      const { stream, sha256 } = lazily(STREAMED, measure);
      const head = await store().put('memory', stream);
      expect(head).toMatchObject({ size: STREAMED, sha256: sha256() });

      const hash = createHash('sha256');
      let size = 0;
      for await (const chunk of (await store().get('memory')) as AsyncIterable<Buffer>) {
        hash.update(chunk);
        if (Math.floor(size / MB) < Math.floor((size += chunk.length) / MB)) measure();
      }
      expect(size).toBe(STREAMED);
      expect(hash.digest('hex')).toBe(head.sha256);
      expect(most).toBeLessThan(MOST_GROWTH);
    }, 120_000);
  });
}
