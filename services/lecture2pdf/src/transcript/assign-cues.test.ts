import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { assignCues } from './assign-cues.ts';
import type { Cue } from './cue.ts';
import { sentenceEnds } from './sentence-ends.ts';

const slide = (...ranges: [number, number][]) => ({ ranges: ranges.map(([start, end]) => ({ start, end })) });
const cue = (start: number, end: number, text: string): Cue => ({ start, end, text });
const texts = (cues: Cue[], ...slides: { ranges: { start: number; end: number }[] }[]) =>
  assignCues(cues, slides).map((ranges) => ranges.map(({ text }) => text));

const first = slide([0, 10]);
const second = slide([10, 20]);

describe('to whom words go', () => {
  it('goes by the midpoint', () => {
    const cues = [cue(1, 3, 'one'), cue(8, 11, 'two\nlines'), cue(9, 12, 'three'), cue(15, 16, 'four')];
    expect(texts(cues, first, second)).toEqual([['one two lines'], ['three four']]);
  });

  it('gives revisits a text of their own, in the order of the ranges', () => {
    const cues = [cue(1, 2, 'a'), cue(11, 12, 'b'), cue(21, 22, 'c')];
    expect(texts(cues, slide([0, 10], [20, 30]), second)).toEqual([['a', 'c'], ['b']]);
  });

  it('loses nothing before the first, in gaps, and after the last', () => {
    const cues = [cue(0, 1, 'early'), cue(14, 15, 'gap'), cue(90, 99, 'late')];
    expect(texts(cues, slide([5, 10]), slide([20, 30]))).toEqual([['early gap'], ['late']]);
  });

  it('has nowhere to put words without a slide', () => {
    expect(assignCues([cue(0, 1, 'a')], [])).toEqual([]);
    expect(texts([], first, second)).toEqual([[''], ['']]);
  });

  it('keeps the order of a long cue and the ones said meanwhile', () => {
    expect(texts([cue(0, 40, 'long'), cue(1, 2, 'short'), cue(15, 16, 'later')], first, second)).toEqual([
      ['long short'],
      ['later'],
    ]);
  });
});

describe('a cue that goes on while the slide changes', () => {
  const end = 'That was it. ';

  it('is cut where a sentence ends near the change', () => {
    expect(texts([cue(6, 14, 'So that was all of it. Now we see the next.')], first, second)).toEqual([
      ['So that was all of it.'],
      ['Now we see the next.'],
    ]);
  });

  it('stays whole where it begins or ends nearer to the change than any sentence in it', () => {
    const begun = 'Rivers. Rain gathers in streams. Streams run to the sea.';
    expect(texts([cue(9.6, 19, begun)], first, second)).toEqual([[''], [begun]]);
    const ended = 'Rain gathers in streams. Streams run to the sea. Rivers.';
    expect(texts([cue(1, 10.4, ended)], first, second)).toEqual([[ended], ['']]);
  });

  it('is not cut where none does, or where it ends too far away', () => {
    expect(texts([cue(6, 13, 'so that was all of it now we see')], first, second)).toEqual([
      ['so that was all of it now we see'],
      [''],
    ]);
    const far = `${end}${'and so on '.repeat(20)}`.trim();
    expect(texts([cue(0, 18, far)], first, second)).toEqual([[far], ['']]);
  });

  it('is cut at each of several changes', () => {
    const slides = [slide([0, 4]), slide([4, 8]), slide([8, 12])];
    expect(texts([cue(0, 12, 'One two three. Four five six. Seven eight.')], ...slides)).toEqual([
      ['One two three.'],
      ['Four five six.'],
      ['Seven eight.'],
    ]);
  });

  it('knows the ends of sentences', () => {
    const parts = (text: string) => {
      const ends = sentenceEnds(text);
      return [0, ...ends].map((from, n) => text.slice(from === 0 ? 0 : from + 1, ends[n]));
    };
    expect(parts('See Dr. Who, e.g. in J. R. Smith. He said: "Go!" Then why? Well… Yes. and')).toEqual([
      'See Dr. Who, e.g. in J. R. Smith.',
      'He said: "Go!"',
      'Then why?',
      'Well…',
      'Yes. and',
    ]);
    expect(parts('هل هذا صحيح؟ نعم. 你好。 世界')).toEqual(['هل هذا صحيح؟', 'نعم.', '你好。', '世界']);
    expect(parts('3.14 is pi. 你好。世界')).toEqual(['3.14 is pi.', '你好。世界']);
  });
});

it('says every word once and in order, whatever the cues and slides', () => {
  const time = fc.integer({ min: 0, max: 600 }).map((tenths) => tenths / 10);
  const words = fc.array(
    fc.constantFrom('word', 'End.', 'you?', '你好。', 'שלום', '\n', ' ', 'e.g.', 'So!'),
    {
      maxLength: 12,
    },
  );
  const anyCue = fc
    .tuple(time, time, words)
    .map(([start, length, text]) => cue(start, start + length, text.join(' ')));
  const change = fc.tuple(time, fc.integer({ min: 0, max: 4 }));
  const ranges = fc.uniqueArray(change, { minLength: 1, maxLength: 12, selector: ([at]) => at });
  fc.assert(
    fc.property(fc.array(anyCue, { maxLength: 20 }), ranges, (cues, changes) => {
      const sorted = changes.toSorted(([a], [b]) => a - b);
      const slides = [0, 1, 2, 3, 4].map((n) =>
        slide(
          ...sorted.flatMap(([start, owner], at): [number, number][] =>
            owner === n ? [[start, sorted[at + 1]?.[0] ?? 60]] : [],
          ),
        ),
      );
      const assigned = assignCues(cues, slides);
      expect(assigned.map((one) => one.map(({ range }) => range))).toEqual(slides.map((one) => one.ranges));
      const told = assigned
        .flat()
        .filter(({ text }) => text !== '')
        .sort((a, b) => a.range.start - b.range.start || a.range.end - b.range.end)
        .map(({ text }) => text);
      const said = cues
        .toSorted((a, b) => a.start - b.start)
        .map(({ text }) => text.split(/\s+/).filter(Boolean).join(' '))
        .filter((text) => text !== '');
      expect(told.join(' ')).toBe(said.join(' '));
    }),
    { seed: 1, numRuns: 1000 },
  );
});

it('takes a second for hostile numbers of cues', () => {
  const cues = Array.from({ length: 100_000 }, (_, n) => cue(n / 1000, 10_000, 'Yes. No. Yes. No.'));
  const slides = Array.from({ length: 1000 }, (_, n) => slide([n * 10, n * 10 + 10]));
  const started = performance.now();
  const told = assignCues(cues, slides).flat();
  expect(told.reduce((sum, { text }) => sum + text.split(' ').filter(Boolean).length, 0)).toBe(400_000);
  expect(performance.now() - started).toBeLessThan(5_000);
});
