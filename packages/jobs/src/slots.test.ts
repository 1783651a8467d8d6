import { describe, expect, it } from '@jest/globals';
import { createSlots } from './slots.ts';

describe('slots', () => {
  it('are given in the order of asking, and never more than there are', async () => {
    const slots = createSlots(2);
    const order: string[] = [];
    const [first, second] = await Promise.all([slots.take(0), slots.take(0)]);
    const third = slots.take(5_000).then((release) => (order.push('third'), release));
    const fourth = slots.take(5_000).then((release) => (order.push('fourth'), release));
    second?.();
    (await third)?.();
    await fourth;
    expect(order).toEqual(['third', 'fourth']);
    first?.();
  });

  it('given back twice are one', async () => {
    const slots = createSlots(1);
    const release = await slots.take(0);
    release?.();
    release?.();
    expect(await slots.take(0)).toBeDefined();
    expect(await slots.take(1)).toBeUndefined();
  });

  it('that nobody waits for any more go to the next', async () => {
    const slots = createSlots(1);
    const release = await slots.take(0);
    expect(await slots.take(1)).toBeUndefined();
    const patient = slots.take(5_000);
    release?.();
    expect(await patient).toBeDefined();
  });
});
