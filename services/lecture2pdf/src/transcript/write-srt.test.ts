import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Cue } from './cue.ts';
import { parseCues } from './parse-cues.ts';
import { writeSrt } from './write-srt.ts';

const reread = (cues: Cue[]) => parseCues(Buffer.from(writeSrt(cues)), 'x.srt');

describe('SubRip that is written', () => {
  it('is numbered, in order, and has no empty line in a cue', () => {
    const cues = [
      { start: 3661.5, end: 3662, text: 'second' },
      { start: 1, end: 2.0004, text: 'first\n\n line ' },
      { start: 2, end: 3, text: ' ' },
    ];
    expect(writeSrt(cues)).toBe(
      '1\n00:00:01,000 --> 00:00:02,000\nfirst\nline\n\n2\n01:01:01,500 --> 01:01:02,000\nsecond\n',
    );
    expect(writeSrt([])).toBe('');
  });

  it('reads back as what it was, also where the text looks like markup, times or counters', () => {
    const lines = [
      ...['<i>not italic</i>', '&amp;', 'a < b & c > d', 'vector<int>', '{\\an8}up', '[br]', 'x<br>y'],
      ...[
        '00:00:01,000 --> 00:00:02,000',
        '0:00:01.000,0:00:02.000',
        '42',
        'WEBVTT',
        '[Script Info]',
        '<tt>',
      ],
      ...['NOTE', '\u202Bשלום\u202C', '你好，世界', '👩‍🏫', '--> ', 'STYLE', '5\n6', '\uFEFFmark'],
    ];
    const cues = lines.map((text, n) => ({ start: n, end: n + 1, text: text.replace('\uFEFF', '').trim() }));
    expect(reread(cues)).toEqual(cues);
    expect(reread(cues.toReversed())).toEqual(cues);
  });

  it('reads back whatever was read', () => {
    const time = fc.integer({ min: 0, max: 10_000_000 }).map((ms) => ms / 1000);
    const piece = fc.constantFrom(
      'a',
      ' ',
      '\n',
      '<b>',
      '</i>',
      '<',
      '>',
      '&lt;',
      '&',
      ';',
      '{\\i}',
      '{',
      '12',
      '\t',
      '-->',
      '0:00:01.5',
      ',',
      '\0',
      'ü',
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 12 }).map((parts) => parts.join('')),
      fc.string({ unit: 'grapheme' }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(time, time, text), { maxLength: 8 }), (raw) => {
        const cues = raw.map(([start, length, words]) => ({ start, end: start + length + 1, text: words }));
        const once = reread(cues);
        expect(reread(once)).toEqual(once);
        const letters = (all: readonly Cue[]) =>
          all
            .toSorted((a, b) => a.start - b.start)
            .map((cue) => cue.text.replace(/[\s\0\uFEFF]/g, ''))
            .join('');
        expect(letters(once).length).toBeLessThanOrEqual(letters(cues).length);
        expect(letters(once)).toBe(letters(cues));
      }),
      { seed: 1, numRuns: 1000 },
    );
  });
});
