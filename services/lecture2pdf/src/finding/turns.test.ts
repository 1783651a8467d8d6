import { describe, expect, it } from '@jest/globals';
import { inTurns, type Pausing } from './turns.ts';

function* until(isOver: () => boolean): Pausing<string> {
  while (!isOver()) yield;
  return 'done';
}

describe('work that takes long', () => {
  it('lets what else there is be done meanwhile', async () => {
    let heard = false;
    setImmediate(() => (heard = true));
    expect(await inTurns(until(() => heard))).toBe('done');
  });

  it('ends when it is told to', async () => {
    const stop = new AbortController();
    setImmediate(() => stop.abort(new Error('cancelled')));
    await expect(
      inTurns(
        until(() => false),
        stop.signal,
      ),
    ).rejects.toThrow('cancelled');
  });
});
