import { tidyLines } from './clean-text.ts';
import { seconds } from './subtitle-time.ts';
import type { RawCue, RawSubtitles } from './timed-lines.ts';

const usualFields = [
  'layer',
  'start',
  'end',
  'style',
  'name',
  'marginl',
  'marginr',
  'marginv',
  'effect',
  'text',
];

/**
 * Reads Advanced SubStation Alpha and SubStation Alpha: the dialogue without its overrides, comments and drawings. The
 * same words at the same time on several layers are one cue: they are drawn over each other, as shadow and outline.
 */
export function readAss(text: string): RawSubtitles {
  const cues = new Map<string, RawCue>();
  let fields = usualFields;
  for (const line of text.split(/\r\n|[\n\r]/)) {
    const [, kind = '', rest = ''] = /^\s{0,20}(Format|Dialogue):(.*)$/i.exec(line) ?? [];
    if (kind.toLowerCase() === 'format') {
      const names = rest.split(',').map((name) => name.trim().toLowerCase());
      // The section of styles has a format too.
      if (names.includes('text') && names.includes('start')) fields = names;
    } else if (kind !== '') {
      const cue = dialogue(rest, fields);
      if (cue) cues.set(`${cue.start} ${cue.end} ${cue.text}`, cue);
    }
  }
  return { cues: [...cues.values()], language: null };
}

/** The text is the last field, so that it may hold commas. */
function dialogue(line: string, fields: readonly string[]): RawCue | undefined {
  const values = new Map<string, string>();
  let from = 0;
  for (const name of fields) {
    const comma = name === 'text' ? -1 : line.indexOf(',', from);
    values.set(name, comma === -1 ? line.slice(from) : line.slice(from, comma));
    from = comma === -1 ? line.length : comma + 1;
  }
  const start = seconds(values.get('start') ?? '');
  const text = plainText(values.get('text') ?? '');
  if (start === undefined || text === '') return undefined;
  return { start, end: seconds(values.get('end') ?? '') ?? null, text };
}

/** Text without `{overrides}`; what lies between `\p1` and `\p0` is a drawing's coordinates. */
function plainText(marked: string): string {
  let plain = '';
  let drawing = false;
  let at = 0;
  while (at < marked.length) {
    const open = marked.indexOf('{', at);
    const close = open === -1 ? -1 : marked.indexOf('}', open);
    const text = close === -1 ? marked.slice(at) : marked.slice(at, open);
    if (!drawing) plain += text;
    if (close === -1) break;
    for (const [, scale] of marked.slice(open, close).matchAll(/\\p(\d{1,4})/g)) drawing = Number(scale) > 0;
    at = close + 1;
  }
  return tidyLines(plain.replaceAll('\\N', '\n').replaceAll('\\n', ' ').replaceAll('\\h', '\u00A0'));
}
