import { describe, expect, it } from '@jest/globals';
import { continueTrace, traceIdOf } from './telemetry.ts';

describe('trace context', () => {
  const valid = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

  it('is continued when it is valid', () => {
    expect(continueTrace(valid)).toBe(valid);
    expect(traceIdOf(valid)).toBe('0af7651916cd43dd8448eb211c80319c');
  });

  it.each([
    undefined,
    '',
    'nonsense',
    valid.toUpperCase(),
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    `${valid}-x`,
  ])('is begun anew for %p', (header) => {
    const begun = continueTrace(header);
    expect(begun).not.toBe(header);
    expect(traceIdOf(begun)).toMatch(/^[0-9a-f]{32}$/);
  });
});
