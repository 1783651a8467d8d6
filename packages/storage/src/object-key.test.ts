import { describe, expect, it } from '@jest/globals';
import { compareKeys, mayStartKeys } from './object-key.ts';

describe('compareKeys', () => {
  it('orders as UTF-8 bytes do', () => {
    const keys = [
      '',
      'a',
      'ab',
      'a/b',
      'a-b',
      'b',
      'Z',
      'é',
      '\ud7ff',
      '\ue000',
      '\uffff',
      '👩',
      '👩a',
      '𐀀',
      '\u{10ffff}',
    ];
    const asBytes = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(keys.toSorted(compareKeys)).toEqual(asBytes);
    for (const key of keys) expect(compareKeys(key, key)).toBe(0);
  });
});

describe('mayStartKeys', () => {
  it.each(['', 'a', 'a/', 'a/b', 'a/.', 'a/..', '..', '.', '.media'])('%j may', (prefix) => {
    expect(mayStartKeys(prefix)).toBe(true);
  });

  it.each(['/', '/a', 'a//', '../', './a', 'a/../b', '.mediaworks/', 'a\\', 'a\0', '\ud800'])(
    '%j may not',
    (prefix) => {
      expect(mayStartKeys(prefix)).toBe(false);
    },
  );
});
