import { describe, expect, it } from '@jest/globals';
import { parseCues } from './parse-cues.ts';

const read = (text: string) => parseCues(Buffer.from(text));
const texts = (text: string) => read(text).map((cue) => cue.text);

describe('rolling captions', () => {
  const youtube = `WEBVTT\nKind: captions\nLanguage: en\n
00:00:00.000 --> 00:00:02.000 align:start position:0%
 
so<00:00:00.500><c> today</c><00:00:01.000><c> we</c>

00:00:02.000 --> 00:00:02.010 align:start position:0%
so today we
 

00:00:02.010 --> 00:00:04.000 align:start position:0%
so today we
look<00:00:02.500><c> at</c><00:00:03.000><c> this</c>

00:00:04.000 --> 00:00:04.010 align:start position:0%
look at this
 

00:00:04.010 --> 00:00:06.000 align:start position:0%
look at this
look<00:00:04.500><c> at</c><00:00:05.000><c> this</c>

00:00:06.000 --> 00:00:06.010 align:start position:0%
look at this
 

00:00:06.010 --> 00:00:08.000 align:start position:0%
look at this
again
`;

  it('are told once, with what is really said twice', () => {
    expect(read(youtube)).toEqual([
      { start: 0, end: 2.01, text: 'so today we' },
      { start: 2.01, end: 4.01, text: 'look at this' },
      { start: 4.01, end: 6.01, text: 'look at this' },
      { start: 6.01, end: 8, text: 'again' },
    ]);
  });

  it('keep a line that is shown again on its own for as long as it takes to say it', () => {
    const tail = ['00:00:08.000 --> 00:00:10.000\nagain', '00:00:10.000 --> 00:00:12.000\nagain'];
    expect(read(`${youtube}\n${tail.join('\n\n')}\n`).slice(-2)).toEqual([
      { start: 6.01, end: 10, text: 'again' },
      { start: 10, end: 12, text: 'again' },
    ]);
  });

  it('are told once as SubRip too, where the empty line comes first', () => {
    const cues = youtube
      .replaceAll(/<[^>]*>| align.*/g, '')
      .split('\n\n')
      .slice(1)
      .map((cue, n) => `${n + 1}\n${cue}\n`);
    expect(texts(cues.join('\n'))).toEqual(['so today we', 'look at this', 'look at this', 'again']);
  });

  it('are told once when a line grows word by word', () => {
    const cue = (n: number, text: string) => `00:00:0${n}.000 --> 00:00:0${n + 1}.000\n${text}\n\n`;
    const lines = [
      'one',
      'one two',
      'one two three',
      'one two three\nfour',
      'one two three\nfour five',
      'four five\nsix',
    ];
    expect(texts(lines.map((text, n) => cue(n, text)).join('')).join(' ')).toBe(
      'one two three four five six',
    );
  });
});
