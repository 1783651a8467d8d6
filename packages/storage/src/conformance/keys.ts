import { bytesOf, pattern, sha256 } from './bodies.ts';
import type { Bench } from './subject.ts';

const GOOD = {
  'with spaces': 'good/a b  c /d e',
  'in other letters': 'good/ünïcödé/日本語/עברית',
  'with emoji': 'good/👩‍🚀/🎞️.mp4',
  'with signs': 'good/a+b%20c#d?e&f=g\'h(i)*j!k:l;m@n$o,p~q^r`s{t}|u"v<w>x',
  'with dots': 'good/.hidden/..a/b../...',
  'that looks encoded': 'good/%2e%2e/%00/%252f',
  'of 1,000 bytes': `good/${'k'.repeat(199)}/${'l'.repeat(199)}/${'é'.repeat(99)}z/${'m'.repeat(199)}/${'n'.repeat(195)}`,
  'of one byte': 'g',
};

const BAD = {
  empty: '',
  'from the root': '/etc/passwd',
  'ending in a slash': 'a/',
  'with an empty segment': 'a//b',
  'a dot': '.',
  'with a dot': 'a/./b',
  'two dots': '..',
  'leading out': '../a',
  'leading out from inside': 'a/../../b',
  'ending in two dots': 'a/..',
  'with NUL': 'a\0b',
  'with a line break': 'a\nb',
  'with an escape': 'a\u001bb',
  'with DEL': 'a\u007fb',
  'with a backslash': 'a\\..\\b',
  'with half of a pair': 'a\ud800b',
  'of 1,001 bytes': `${'a'.repeat(250)}/${'b'.repeat(250)}/${'c'.repeat(250)}/${'d'.repeat(248)}`,
  'with a segment of 256 bytes': `a/${'é'.repeat(128)}`,
  'of the store itself': '.mediaworks/tmp/a',
  'that is the store itself': '.mediaworks',
};

export function describeKeys({ describe, it, expect, store, subject, lacks, expectCode }: Bench): void {
  describe('keys', () => {
    it.each(Object.entries(GOOD))('%s are good', async (_name, key) => {
      expect(Buffer.byteLength(key)).toBeLessThanOrEqual(1_000);
      const bytes = pattern(100, key.length);
      await store().put(key, bytes, { contentType: 'text/plain' });
      const told = { key, size: 100, sha256: sha256(bytes), contentType: 'text/plain' };
      expect(await store().head(key)).toMatchObject(told);
      expect((await bytesOf(store().get(key))).equals(bytes)).toBe(true);
      const url = await store().signedUrl(key, { expiresInSeconds: 60 });
      expect((await subject().openUrl(url, Date.now())).body.equals(bytes)).toBe(true);
      expect(await keysOf(store().list(key))).toEqual([key]);
      await store().remove(key);
      expect(await store().head(key)).toBeUndefined();
    });

    it.each(Object.entries(BAD))('%s are refused', async (_name, key) => {
      await expectCode(store().put(key, Buffer.from('x')), 'invalid_key');
      await expectCode(store().putFile(key, '/dev/null'), 'invalid_key');
      await expectCode(store().get(key), 'invalid_key');
      await expectCode(
        store().withFile(
          key,
          () => '/nowhere/at/all',
          () => Promise.resolve(),
        ),
        'invalid_key',
      );
      await expectCode(store().head(key), 'invalid_key');
      await expectCode(store().copy(key, 'a'), 'invalid_key');
      await store().put('source', Buffer.from('x'));
      await expectCode(store().copy('source', key), 'invalid_key');
      await expectCode(store().remove(key), 'invalid_key');
      await expectCode(store().signedUrl(key, { expiresInSeconds: 60 }), 'invalid_key');
    });
  });

  describe('list', () => {
    const names = [
      'a',
      'a!',
      'a-b/c',
      'a.txt',
      'a0',
      'ab/c',
      'ab/c.d',
      'ab/ce/f',
      'b',
      'é',
      'z',
      '\uffee',
      '👩',
    ];

    const gap = lacks('key_order');
    it(`gives keys in byte order, with their sizes${gap === undefined ? '' : ` (no order here: ${gap})`}`, async () => {
      for (const [size, name] of [...names.entries()].reverse())
        await store().put(`order/${name}`, pattern(size));
      const listed = [];
      for await (const one of store().list('order/')) listed.push(one);
      const inOrder = (a: { key: string }, b: { key: string }) =>
        Buffer.compare(Buffer.from(a.key), Buffer.from(b.key));
      const right = names.map((name, size) => ({ key: `order/${name}`, size })).sort(inOrder);
      expect(gap === undefined ? listed : listed.sort(inOrder)).toEqual(right);
    });

    it.each([
      ['order/ab/c', ['order/ab/c', 'order/ab/c.d', 'order/ab/ce/f']],
      ['order/ab/ce', ['order/ab/ce/f']],
      ['order/ab/ce/', ['order/ab/ce/f']],
      ['order/a-', ['order/a-b/c']],
      ['order/nobody', []],
      ['order/a/', []],
      ['nobody/at/all', []],
      ['/', []],
      ['../', []],
      ['order/../order/', []],
      ['order/\0', []],
      ['.mediaworks/', []],
    ])('takes %j as the start of a key, not as a folder', async (prefix, right) => {
      const keys = await keysOf(store().list(prefix));
      expect(gap === undefined ? keys : keys.sort()).toEqual(right);
    });

    it('gives 2,500 keys, each once, and everything without a prefix', async () => {
      const keys = Array.from({ length: 2_500 }, (_, i) => `many/${String(i).padStart(5, '0')}`);
      for (let i = 0; i < keys.length; i += 50) {
        await Promise.all(keys.slice(i, i + 50).map((key) => store().put(key, Buffer.from('x'))));
      }
      expect(await keysOf(store().list('many/'))).toEqual(keys);
      expect(await keysOf(store().list('many/024'))).toEqual(keys.slice(2_400));
      const all = await keysOf(store().list(''));
      expect(all.filter((key) => key.startsWith('many/'))).toEqual(keys);
      expect(all.filter((key) => key.startsWith('.mediaworks'))).toEqual([]);
    }, 120_000);

    it('can be left halfway', async () => {
      for await (const { key } of store().list('many/')) {
        expect(key).toBe('many/00000');
        break;
      }
    });
  });
}

async function keysOf(list: AsyncIterable<{ key: string }>): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of list) keys.push(key);
  return keys;
}
