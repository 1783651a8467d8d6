import { describe, expect, it } from '@jest/globals';
import { createCourtesy } from './courtesy.ts';

const { signal } = new AbortController();
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('courtesy', () => {
  it('lets so many in, of all buckets and of one, in the order of asking', async () => {
    const courtesy = createCourtesy({ total: 3, perBucket: 2, bytesPerSecond: undefined });
    const inside: string[] = [];
    const enter = (bucket: string, name: string) =>
      courtesy.enter(bucket, signal).then((leave) => {
        inside.push(name);
        return leave;
      });
    const [a1, , , b1] = ['a1', 'a2', 'a3', 'b1', 'b2'].map((name) => enter(name.charAt(0), name));
    await settled();
    expect(inside).toEqual(['a1', 'a2', 'b1']);
    (await b1)?.();
    await settled();
    expect(inside).toEqual(['a1', 'a2', 'b1', 'b2']);
    const leave = await a1;
    leave?.();
    // Giving it back again gives nothing.
    leave?.();
    await settled();
    expect(inside).toEqual(['a1', 'a2', 'b1', 'b2', 'a3']);
  });

  it('forgets who gives up waiting', async () => {
    const courtesy = createCourtesy({ total: 1, perBucket: 1, bytesPerSecond: undefined });
    const leave = await courtesy.enter('a', signal);
    const giving = new AbortController();
    const waiting = courtesy.enter('a', giving.signal);
    giving.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(courtesy.enter('a', giving.signal)).rejects.toThrow('enough');
    leave();
    (await courtesy.enter('a', signal))();
  });

  it('asks nothing of a bucket that wants a pause, and goes on with another', async () => {
    const courtesy = createCourtesy({ total: 2, perBucket: 2, bytesPerSecond: undefined });
    courtesy.pause('a', 3_600_000);
    const giving = new AbortController();
    const waiting = courtesy.enter('a', giving.signal);
    (await courtesy.enter('b', signal))();
    giving.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });

  it('holds bytes back that are over the bandwidth', async () => {
    const courtesy = createCourtesy({ total: 1, perBucket: 1, bytesPerSecond: 100 });
    await courtesy.spend(1_000_000, signal);
    const giving = new AbortController();
    const waiting = courtesy.spend(1, giving.signal);
    giving.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow();
  });
});
