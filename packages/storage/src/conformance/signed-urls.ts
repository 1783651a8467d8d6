import { pattern } from './bodies.ts';
import type { Bench } from './subject.ts';

export function describeSignedUrls({ describe, it, expect, store, subject, lacks }: Bench): void {
  describe('signedUrl', () => {
    const bytes = pattern(1_000);
    const sign = async (filename?: string) => {
      await store().put('signed/a b', bytes);
      return store().signedUrl('signed/a b', {
        expiresInSeconds: 60,
        ...(filename === undefined ? {} : { filename }),
      });
    };

    it('opens the bytes', async () => {
      const opened = await subject().openUrl(await sign(), Date.now());
      expect(opened.status).toBe(200);
      expect(opened.body.equals(bytes)).toBe(true);
    });

    it('offers a name', async () => {
      const opened = await subject().openUrl(await sign(`Résumé "1", 'ok' (50%).pdf`), Date.now());
      expect(opened.status).toBe(200);
      expect(opened.disposition).toMatch(/^attachment;/);
      const [, encoded = ''] = /filename\*=UTF-8''(\S+)$/.exec(opened.disposition) ?? [];
      expect(decodeURIComponent(encoded)).toBe(`Résumé "1", 'ok' (50%).pdf`);
    });

    const gap = lacks('signatures');
    it(`opens nothing else and not for ever${gap === undefined ? '' : ` (not here: ${gap})`}`, async () => {
      await store().put('signed/other', pattern(10));
      const url = await sign('name.txt');
      const forged = {
        'another key': url.replace('a%20b', 'other'),
        'another name': url.replace('name.txt', 'game.txt'),
        'another end': url.replace(
          /(expires=\d*)(\d)/i,
          (_, start: string, digit: string) => `${start}${(Number(digit) + 1) % 10}`,
        ),
        'another signature': url.replace(
          /signature=(.)/i,
          (whole, c) => whole.slice(0, -1) + (c === '0' ? '1' : '0'),
        ),
        'the last bits of the signature': url.replace(
          /(signature=[^&]*)([^&])/i,
          (_, start: string, c: string) => {
            return start + (c === '0' ? '1' : '0');
          },
        ),
        'no signature': url.replace(/&[^&=]*signature=[^&]*/i, ''),
      };
      if (gap === undefined) {
        const now = Date.now();
        for (const [what, changed] of Object.entries(forged)) {
          expect([what, changed !== url]).toEqual([what, true]);
          expect([what, (await subject().openUrl(changed, now)).status]).toEqual([what, 403]);
        }
        expect((await subject().openUrl(url, now + 58_000)).status).toBe(200);
        expect((await subject().openUrl(url, now + 61_000)).status).toBe(403);
      }
    });

    it.each([0, -1, 604_801, NaN])('refuses a lifetime of %d seconds', async (expiresInSeconds) => {
      await expect(store().signedUrl('a', { expiresInSeconds })).rejects.toThrow(
        'expiresInSeconds must be 1 to',
      );
    });
  });
}
