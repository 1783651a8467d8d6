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
