import type { Random } from './random.ts';
import type { SetName } from './sets.ts';

/** What a slide says, whatever its layout makes of it. */
export interface Content {
  readonly title: string;
  /** Up to seven, of three to seven words. */
  readonly lines: readonly string[];
  /** Twenty, each of two to four digits. */
  readonly numbers: readonly number[];
  /** Decides pictures and curves. */
  readonly drawing: string;
}

const words: Record<SetName, string> = {
  train:
    'graph vertex edge tree heap queue stack hash table index cache memory thread process kernel scheduler network packet ' +
    'router protocol socket server client request latency bandwidth compiler parser grammar token syntax type inference ' +
    'closure pointer array matrix vector gradient descent learning neural layer weight loss training model cluster entropy ' +
    'information code channel signal filter sample spectrum transform database query join transaction lock replica log ' +
    'consensus leader quorum shard proof theorem lemma induction recursion complexity bound optimal greedy dynamic search',
  'held-out':
    'cell membrane protein enzyme nucleus ribosome gene genome mutation selection species habitat climate ocean current ' +
    'carbon nitrogen oxygen glucose photosynthesis respiration empire treaty harvest dynasty trade route silver market ' +
    'inflation demand supply tariff colony revolution parliament reform charter guild cathedral manuscript printing press ' +
    'voyage compass plague vaccine antibody immune tissue organ muscle neuron synapse hormone insulin kidney liver bone ' +
    'river glacier sediment basalt mantle crust volcano earthquake fossil orbit comet planet gravity spectrum telescope',
};
const small = ['the', 'of', 'and', 'in', 'with', 'for', 'by', 'under', 'from', 'without'];

export function makeContent(set: SetName, random: Random): Content {
  const vocabulary = words[set].split(' ');
  const phrase = (count: number) =>
    Array.from({ length: count }, (_, i) => random.pick(i % 2 === 1 ? small : vocabulary))
      .join(' ')
      .replace(/^./, (letter) => letter.toUpperCase());
  return {
    title: phrase(random.pick([1, 3, 3])),
    lines: Array.from({ length: random.whole(3, 7) }, () => phrase(random.pick([3, 5, 5, 7]))),
    numbers: Array.from({ length: 20 }, () => random.whole(10, random.pick([99, 999, 9999]))),
    drawing: String(random.whole(0, 1e9)),
  };
}

export type Shown = 'title' | 'lines' | 'numbers';

/** The same slide but for one number or one word of those that its layout shows. */
export function vary(content: Content, shows: readonly Shown[], set: SetName, random: Random): Content {
  const what = random.pick(shows);
  if (what === 'numbers') {
    // The first ones: no layout shows fewer than three.
    const changed = random.whole(0, 2);
    return {
      ...content,
      numbers: content.numbers.map((n, i) => (i === changed ? otherNumber(n, random) : n)),
    };
  }
  const vocabulary = words[set].split(' ');
  const otherWord = (text: string) => {
    const parts = text.split(' ');
    // One of the first three words: narrow layouts show no more.
    const at = parts.length < 3 ? 0 : random.pick([0, 2]);
    const old = parts[at]?.toLowerCase();
    const word = random.pick(vocabulary.filter((candidate) => candidate !== old));
    return parts.map((part, i) => (i === at ? word : part)).join(' ');
  };
  if (what === 'title') return { ...content, title: otherWord(content.title) };
  const changed = random.whole(0, Math.min(2, content.lines.length - 1));
  return { ...content, lines: content.lines.map((line, i) => (i === changed ? otherWord(line) : line)) };
}

/** As many digits, each of them another one. */
function otherNumber(number: number, random: Random): number {
  const digits = [...String(number)].map((digit) => ((Number(digit) + random.whole(1, 8)) % 9) + 1);
  return Number(digits.join('')) === number ? number + 1 : Number(digits.join(''));
}
