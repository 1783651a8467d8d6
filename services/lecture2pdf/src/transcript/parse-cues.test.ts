import { describe, expect, it } from '@jest/globals';
import { parseCues, readSubtitles } from './parse-cues.ts';

const read = (text: string) => parseCues(Buffer.from(text));
const texts = (text: string) => read(text).map((cue) => cue.text);

describe('SubRip, as it is found', () => {
  it('reads what it should be', () => {
    expect(
      read('1\n00:00:01,000 --> 00:00:02,500\nHello\nthere\n\n2\n01:00:03,000 --> 01:00:04,000\nBye\n'),
    ).toEqual([
      { start: 1, end: 2.5, text: 'Hello\nthere' },
      { start: 3603, end: 3604, text: 'Bye' },
    ]);
  });

  it.each([
    ['CRLF', '1\r\n00:00:01,000 --> 00:00:02,000\r\nA\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\nB\r\n'],
    ['CR', '1\r00:00:01,000 --> 00:00:02,000\rA\r\r2\r00:00:03,000 --> 00:00:04,000\rB'],
    [
      'doubled line ends',
      '1\r\r\n00:00:01,000 --> 00:00:02,000\r\r\nA\r\r\n\r\r\n2\r\r\n00:00:03,000 --> 00:00:04,000\r\r\nB',
    ],
    ['no empty lines', '1\n00:00:01,000 --> 00:00:02,000\nA\n2\n00:00:03,000 --> 00:00:04,000\nB'],
    ['no counters', '00:00:01,000 --> 00:00:02,000\nA\n\n00:00:03,000 --> 00:00:04,000\nB'],
    ['dots and no hours', '1\n00:01.000 --> 00:02.000\nA\n\n2\n0:03.0 --> 0:04\nB'],
    ['spaces', '1\n 00: 00: 01, 000 --> 00 :00:02 ,000 \nA\n\n2\n00:00:03,000-->00:00:04,000\nB'],
    ['other arrows', '1\n00:00:01,000 -> 00:00:02,000\nA\n\n2\n00:00:03,000 –> 00:00:04,000\nB'],
    [
      'places',
      '1\n00:00:01,000 --> 00:00:02,000  X1:40 X2:600 Y1:20 Y2:50\nA\n\n2\n00:00:03,000 --> 00:00:04,000\nB',
    ],
    ['text beside the times', '1\n00:00:01,000 --> 00:00:02,000 A\n\n2\n00:00:03,000 --> 00:00:04,000 B'],
    ['wrong order', '2\n00:00:03,000 --> 00:00:04,000\nB\n\n1\n00:00:01,000 --> 00:00:02,000\nA'],
    [
      'tail of binary',
      '1\n00:00:01,000 --> 00:00:02,000\nA\0\n\n2\n00:00:03,000 --> 00:00:04,000\nB\n\0\0\x1a',
    ],
  ])('reads it with %s', (_, text) => {
    expect(read(text)).toEqual([
      { start: 1, end: 2, text: 'A' },
      { start: 3, end: 4, text: 'B' },
    ]);
  });

  it('keeps what is behind an empty line, and numbers that are said', () => {
    expect(
      texts(
        '1\n00:00:01,000 --> 00:00:02,000\nA\n\nstill A\n\n2\n00:00:03,000 --> 00:00:04,000\n42\n\n3\n00:00:05,000 --> 00:00:06,000\nC',
      ),
    ).toEqual(['A\nstill A', '42', 'C']);
    expect(texts('00:00:01,000 --> 00:00:02,000\nThe answer?\n42\n00:00:03,000 --> 00:00:04,000\nB')).toEqual(
      ['The answer?\n42', 'B'],
    );
    expect(texts('1\n00:00:01,000 --> 00:00:02,000\n1984\n2\n00:00:03,000 --> 00:00:04,000\nB')).toEqual([
      '1984',
      'B',
    ]);
  });

  it('finds an end for cues without a usable one', () => {
    const cue = (times: string, text: string) => `${times}\n${text}\n\n`;
    expect(
      read(
        cue('00:00:01,000 -->', 'no end') +
          cue('00:00:03,000 --> 00:00:02,000', 'backwards') +
          cue('00:00:20,000 --> 00:00:20,000', 'no time') +
          cue('-00:00:01,000 --> 00:00:00,500', 'negative'),
      ),
    ).toEqual([
      { start: 0, end: 0.5, text: 'negative' },
      { start: 1, end: 3, text: 'no end' },
      { start: 3, end: 8, text: 'backwards' },
      { start: 20, end: 25, text: 'no time' },
    ]);
  });

  it('keeps overlapping and repeated cues, in their order', () => {
    const cue = '00:00:01,000 --> 00:00:09,000\n';
    expect(texts(`${cue}A\n\n${cue}A\n\n00:00:02,000 --> 00:00:03,000\nB\n\n${cue}C`)).toEqual([
      'A',
      'A',
      'C',
      'B',
    ]);
    const no = [1, 2, 3, 4, 5].map((n) => `00:00:0${n},000 --> 00:00:0${n + 1},000\nNo.\n`);
    expect(texts(no.join('\n'))).toEqual(['No.', 'No.', 'No.', 'No.', 'No.']);
  });

  it('takes markup away, and nothing that only looks like it', () => {
    const line = (text: string) => texts(`1\n00:00:01,000 --> 00:00:02,000\n${text}`);
    expect(line('<i>Hello</i> <font color="#fff">big</font> <B>world</B>{\\an8}')).toEqual([
      'Hello big world',
    ]);
    expect(line('one<br/>two<br>three')).toEqual(['one\ntwo\nthree']);
    expect(line('vector<int> a < b && c > d, <T>, {x}, <i')).toEqual([
      'vector<int> a < b && c > d, <T>, {x}, <i',
    ]);
    expect(line('Q&amp;A&nbsp;&lt;b&gt; &#39;x&#x27; &eacute; R&D &amp;lt;')).toEqual([
      "Q&A\u00A0<b> 'x' é R&D &lt;",
    ]);
    expect(line('12:30 – 13:00 lunch')).toEqual(['12:30 – 13:00 lunch']);
    expect(line('<i></i>')).toEqual([]);
  });

  it('keeps every script as it is', () => {
    const line = '\u202Bשלום עולם!\u202C\n你好，世界\nمرحبا\n👩‍🏫 é';
    expect(texts(`1\n00:00:01,000 --> 00:00:02,000\n${line}`)).toEqual([line]);
  });
});

describe('WebVTT', () => {
  it('reads cues and leaves header, styles, regions, comments and names out', () => {
    const vtt = `\uFEFFWEBVTT - A talk\nKind: captions\nLanguage: pt-br\n\nSTYLE\n::cue(b) { color: red }\n\nREGION\nid:fred\n\nNOTE\nnot --- this\n\nintro\n00:01.000 --> 00:02.000 align:start position:0%\n<v Fred Smith>Hi, <c.loud>all</c></v>\n- yes\n\nNOTE one line\n\n2\n00:00:03.000 --> 00:00:04.000\n<00:00:03.000><c> one</c><00:00:03.500><c> two</c> &lrm;x\n`;
    expect(readSubtitles(Buffer.from(vtt))).toEqual({
      language: 'pt-BR',
      cues: [
        { start: 1, end: 2, text: 'Hi, all\n- yes' },
        { start: 3, end: 4, text: 'one two \u200Ex' },
      ],
    });
  });

  it('has no cues when there are none', () => {
    expect(read('WEBVTT')).toEqual([]);
    expect(read('WEBVTT\n\nNOTE nothing here\n')).toEqual([]);
  });

  it('puts the segments of a stream on one clock', () => {
    const segment = (local: string, ticks: number, text: string) =>
      `WEBVTT\nX-TIMESTAMP-MAP=LOCAL:${local},MPEGTS:${ticks}\n\n00:01.000 --> 00:02.000\n${text}\n\n`;
    expect(read(segment('00:00:00.000', 900_000, 'A') + segment('00:00:00.000', 1_440_000, 'B'))).toEqual([
      { start: 1, end: 2, text: 'A' },
      { start: 7, end: 8, text: 'B' },
    ]);
  });
});

describe('other formats', () => {
  it('reads ASS', () => {
    const ass = `[Script Info]\nTitle: x\n\n[V4+ Styles]\nFormat: Name, Fontname\nStyle: Default,Arial\n
[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Comment: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,not this
Dialogue: 0,0:00:03.00,0:00:04.50,Default,,0,0,0,,{\\an8\\pos(1,2)}Second, with {\\i1}commas{\\i0}\\Nand lines\\hhere
Dialogue: 0,0:00:01.00,0:00:02.00,Default,Fred,0,0,0,,First <T> {unclosed
Dialogue: 1,0:00:01.00,0:00:02.00,Default,Fred,0,0,0,,First <T> {unclosed
Dialogue: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,,{\\p1}m 0 0 l 100 0 100 100{\\p0}Drawn`;
    expect(read(ass)).toEqual([
      { start: 1, end: 2, text: 'First <T> {unclosed' },
      { start: 3, end: 4.5, text: 'Second, with commas\nand lines\u00A0here' },
      { start: 5, end: 6, text: 'Drawn' },
    ]);
    expect(read('[Script Info]\n[Events]\n')).toEqual([]);
  });

  it('reads SSA and SubViewer and SBV', () => {
    expect(
      texts(
        '[Script Info]\n[Events]\nFormat: Marked, Start, End, Style, Text\nDialogue: Marked=0,0:00:01.00,0:00:02.00,x,A, B',
      ),
    ).toEqual(['A, B']);
    expect(texts('[INFORMATION]\n[TITLE]x\n00:00:01.00,00:00:02.00\nA[br]B\n')).toEqual(['A\nB']);
    expect(read('0:00:01.000,0:00:02.000\nA\nB\n\n0:00:03.000,0:00:04.000\nC')).toEqual([
      { start: 1, end: 2, text: 'A\nB' },
      { start: 3, end: 4, text: 'C' },
    ]);
  });

  it('reads TTML', () => {
    const ttml = `<?xml version="1.0"?><!DOCTYPE tt [<!ENTITY x "no">]>
<tt:tt xmlns:tt="http://www.w3.org/ns/ttml" xml:lang="fr" ttp:frameRate="25" ttp:tickRate="1000">
<tt:head><tt:metadata><tt:p begin="1s">no title</tt:p></tt:metadata></tt:head>
<tt:body><tt:div begin="10s">
 <tt:p begin="00:00:01.5" end="00:00:02.500">Bon<tt:br/>jour  <tt:span tts:color="red">à
   tous</tt:span> &amp; merci<!-- no --></tt:p>
 <tt:p begin="3s" dur="500ms"><![CDATA[a < b]]></tt:p><tt:p begin="00:00:04:05" end="5000t">images</tt:p>
 <tt:p><tt:span begin="6s" end="7s">un</tt:span> <tt:span begin="7s" end="8s">deux</tt:span></tt:p>
</tt:div></tt:body></tt:tt>`;
    expect(readSubtitles(Buffer.from(ttml))).toEqual({
      language: 'fr',
      cues: [
        { start: 11.5, end: 12.5, text: 'Bon\njour à tous & merci' },
        { start: 13, end: 13.5, text: 'a < b' },
        { start: 14.2, end: 15, text: 'images' },
        { start: 16, end: 17, text: 'un' },
        { start: 17, end: 18, text: 'deux' },
      ],
    });
  });

  it('takes the language from the name', () => {
    const language = (name: string) =>
      readSubtitles(Buffer.from('1\n00:01.000 --> 00:02.000\nA'), name).language;
    expect(['talk.en.srt', 'talk.pt-BR.vtt', 'a/b.ger.srt'].map(language)).toEqual(['en', 'pt-BR', 'de']);
    expect(['talk.srt', 'talk.v2.srt', 'my.new.srt', 'a.und.srt', 'talk..srt'].map(language)).toEqual([
      null,
      null,
      null,
      null,
      null,
    ]);
  });
});
