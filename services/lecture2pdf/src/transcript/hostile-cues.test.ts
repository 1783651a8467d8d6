import { describe, expect, it } from '@jest/globals';
import { PermanentError } from '@mediaworks/contracts';
import fc from 'fast-check';
import { MOST_SUBTITLE_BYTES, parseCues } from './parse-cues.ts';

const read = (text: string) => parseCues(Buffer.from(text));

describe('what is no subtitle file', () => {
  it('is refused, and an empty one is empty', () => {
    const refused = [
      'Hello, this is a text.',
      '%PDF-1.7\n%âãÏÓ\n1 0 obj',
      '{100}{200}MicroDVD',
      '<html><p>no</p></html>',
      '\0\0\0 ftypisom',
    ];
    for (const text of refused) {
      expect(() => read(text)).toThrow(expect.objectContaining({ code: 'unsupported_subtitle' }));
    }
    for (const text of ['', '\uFEFF', ' \r\n\n']) expect(read(text)).toEqual([]);
    const large = Buffer.alloc(MOST_SUBTITLE_BYTES + 1, ' ');
    expect(() => parseCues(large)).toThrow(expect.objectContaining({ code: 'too_large_subtitle' }));
  });

  it('never fails in another way, whatever the bytes', () => {
    const pieces = fc.constantFrom(
      ...[
        '1',
        '\n',
        '\r\n',
        '\n\n',
        '00:00:01,000 --> 00:00:02,000',
        '00:01.000 -->',
        '-',
        ' --> ',
        'WEBVTT',
        'NOTE',
      ],
      ...[
        'X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:9',
        '[Script Info]',
        '[Events]',
        'Dialogue: 0,0:00:01.00,,',
        '{\\p1}',
        '{',
      ],
      ...[
        '<tt>',
        '<p begin="1s">',
        '</p>',
        '<span end="x">',
        '</tt',
        '<br/>',
        '<!--',
        '<![CDATA[',
        '&amp;',
        '&',
        '<',
        '\0',
        'é',
        '你',
      ],
    );
    const texty = fc.array(pieces, { maxLength: 60 }).map((parts) => Buffer.from(parts.join('')));
    const binary = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(texty, binary), (bytes) => {
        try {
          const cues = parseCues(bytes);
          for (const [n, { start, end, text }] of cues.entries()) {
            expect(start).toBeGreaterThanOrEqual(cues[n - 1]?.start ?? 0);
            expect(end).toBeGreaterThan(start);
            expect(text).toMatch(/\S/);
            expect(text).not.toMatch(/^\s|\s$|\n\s*\n/);
          }
        } catch (error) {
          if (!(error instanceof PermanentError)) throw error;
        }
      }),
      { seed: 1, numRuns: 1500 },
    );
  });

  it.each([
    ['times', '00:00:01,000 --> '],
    ['digits', '0'],
    ['colons', ':0 '],
    ['spaces', ' '],
    ['tags', '<c'],
    ['closed tags', '<c.a '],
    ['braces', '{\\p'],
    ['entities', '&#x'],
    ['markup', '<tt><p begin="1s" '],
    ['attributes', '<tt a="" b='],
    ['events', '[Events]\nDialogue: {'],
    ['nested', '<tt><p>'],
    ['closing', '<tt></x>'],
    ['empty cues', '\n\n00:00\n'],
    ['commas', '0:0:0.0,'],
    ['escapes', '\x1b$B'],
  ])('takes time in proportion to the size: %s', (_, piece) => {
    const bytes = (size: number) => Buffer.from(piece.repeat(Math.ceil(size / piece.length)));
    const started = performance.now();
    for (const before of ['', '1\n00:00:01,000 --> 00:00:02,000\n', '<tt>', '[Events]\n']) {
      try {
        parseCues(Buffer.concat([Buffer.from(before), bytes(300_000)]));
      } catch (error) {
        if (!(error instanceof PermanentError)) throw error;
      }
    }
    // A square of the size would be minutes.
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
