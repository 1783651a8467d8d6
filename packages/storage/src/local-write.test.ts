import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { chunked, pattern, sha256, streamOf } from './conformance/bodies.ts';
import { BLOCK_BYTES as BLOCK } from './local-blocks.ts';
import { BlockWriter } from './local-file-writer.ts';
import { createWriting, type Writing } from './local-write.ts';
import { startWriteThread } from './local-write-thread.ts';

const PAGE = 2 ** 12;

describe.each(['by the thread that has it', 'by a thread for it'])('what is written to a file %s', (by) => {
  let dir: string;
  let writeTo: Writing;
  beforeAll(async () => {
    const thread = by === 'by a thread for it' ? startWriteThread() : undefined;
    await thread?.started;
    writeTo = createWriting(thread);
  });
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'local-write-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  const writtenOf = async (name: string, body: Parameters<Writing>[1]) => {
    const path = join(dir, name);
    const hash = await writeTo(path, body, {});
    return { hash, bytes: await readFile(path) };
  };

  it.each([
    0,
    1,
    PAGE,
    2 ** 17 - 1,
    2 ** 17 + 1,
    BLOCK - 1,
    BLOCK,
    BLOCK + 1,
    2 * BLOCK + PAGE,
    3 * BLOCK - 7,
  ])('is what came, of %d bytes, at once or in pieces of any length', async (size) => {
    const bytes = pattern(size);
    const forms = {
      whole: bytes,
      generated: chunked(bytes),
      small: streamOf(bytes, 1_003),
      // The last piece crosses the end of a block.
      crossing: streamOf(bytes, 60_001),
      large: streamOf(bytes, 2 * BLOCK + 3),
    };
    for (const [name, body] of Object.entries(forms)) {
      const { hash, bytes: found } = await writtenOf(name, body);
      expect([name, hash, found.equals(bytes)]).toEqual([name, sha256(bytes), true]);
    }
  });

  it('is never mixed up, however many are written at a time', async () => {
    const all = await Promise.all(
      Array.from({ length: 150 }, async (_, n) => {
        const bytes = pattern(BLOCK + n * 1_000, n);
        return (await writtenOf(`${n}`, streamOf(bytes))).bytes.equals(bytes);
      }),
    );
    expect(all).toEqual(all.map(() => true));
  });
});

describe.each(['this thread', 'a thread for it'])('a file that is given up while %s writes', (by) => {
  it('is closed when nothing is written to it any more', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'local-write-'));
    const thread = by === 'a thread for it' ? startWriteThread() : undefined;
    await thread?.started;
    const path = join(dir, 'file');
    const writer = thread?.open(path, () => undefined) ?? new BlockWriter(path);
    const bytes = pattern(4 * BLOCK);
    const adding = writer.add(bytes);
    await writer.close();
    // Under the number of a closed file this would fail, or be written to another.
    await adding;
    expect((await readFile(path)).equals(bytes)).toBe(true);
    await rm(dir, { recursive: true });
  });
});
