import { describe, expect, it } from '@jest/globals';
import { groupCommit } from './batch.ts';

describe('groupCommit', () => {
  it('flushes a lone call at once, and together what arrived meanwhile', async () => {
    const groups: number[][] = [];
    let release: () => void = () => undefined;
    const commit = groupCommit(async (items: number[]) => {
      groups.push(items);
      if (groups.length === 1) await new Promise<void>((resolve) => (release = resolve));
      return items.map((item) => item * 2);
    });
    const first = commit(1);
    await new Promise((resolve) => setImmediate(resolve));
    const others = [commit(2), commit(3)];
    release();
    expect(await Promise.all([first, ...others])).toEqual([2, 4, 6]);
    expect(groups).toEqual([[1], [2, 3]]);
  });

  it('rejects one call for its own error, and all of a group for a thrown one', async () => {
    const commit = groupCommit(async (items: string[]) => {
      if (items.includes('throw')) throw new Error('all');
      return Promise.resolve(items.map((item) => (item === 'bad' ? new Error('mine') : item)));
    });
    const outcomes = await Promise.allSettled([commit('good'), commit('bad')]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected']);
    const thrown = await Promise.allSettled([commit('throw'), commit('good')]);
    expect(thrown.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected']);
    await expect(commit('after')).resolves.toBe('after');
  });

  it('begins a flush in the midst of much, as soon as there is enough for one', async () => {
    const groups: number[][] = [];
    const commit = groupCommit(
      async (items: number[]) => {
        groups.push(items);
        await new Promise((resolve) => setImmediate(resolve));
        return items;
      },
      { parallel: 2, enough: 4 },
    );
    const calls = Array.from({ length: 11 }, (_, i) => commit(i));
    expect(groups).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ]);
    await Promise.all(calls);
    expect(groups.slice(2)).toEqual([[8, 9, 10]]);
  });

  it('never puts more than max into one flush', async () => {
    const sizes: number[] = [];
    const commit = groupCommit(
      (items: number[]) => {
        sizes.push(items.length);
        return Promise.resolve(items);
      },
      { max: 10 },
    );
    await Promise.all(Array.from({ length: 25 }, (_, i) => commit(i)));
    expect(sizes).toEqual([10, 10, 5]);
  });
});
