import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { byteSize, duration, flag, list, readEnv } from './env.ts';

describe('readEnv', () => {
  it('reads durations, sizes, lists and flags', () => {
    const env = readEnv(
      { WAIT: duration, MAX: byteSize, NAMES: list, ON: flag, LEFT: z.string().default('x') },
      { WAIT: '1.5s', MAX: '10MB', NAMES: 'a, b,,c', ON: 'off', LEFT: '' },
    );
    expect(env).toEqual({ WAIT: 1_500, MAX: 10 * 2 ** 20, NAMES: ['a', 'b', 'c'], ON: false, LEFT: 'x' });
  });

  it('names every variable that is wrong and tells no value', () => {
    const read = () => readEnv({ A: duration, B: z.string() }, { A: 'hunter2' });
    expect(read).toThrow(/A: .*\n.*B: /);
    expect(read).not.toThrow(/hunter2/);
  });
});
