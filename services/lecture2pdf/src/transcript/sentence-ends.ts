/** The signs that end a sentence in the scripts that have such signs, and what may close after them. */
const end = /[.!?…。！？．؟۔।॥։።᙮]["'”’»›)\]」』）]{0,3} /g;
/** A full stop after these, or after a single letter, is no end. */
const abbreviation =
  /(?:^|[\s("'«“])(?:\p{L}|\p{L}\.\p{L}|mr|mrs|ms|dr|prof|st|vs|etc|cf|al|fig|eq|no|nr|vol|approx|resp|bzw|ca|z\.b|d\.h|p\.ex)\.$/iu;

/**
 * Where sentences end in a line of text: the places of the spaces behind them, ascending. Scripts that are written
 * without spaces are only cut where there is one.
 */
export function sentenceEnds(line: string): number[] {
  const ends: number[] = [];
  for (const match of line.matchAll(end)) {
    const at = match.index + match[0].length - 1;
    const next = line.charAt(at + 1);
    // A sentence does not begin with a small letter: "e.g. this", "the 3. one".
    if (next === '' || (next !== next.toUpperCase() && next === next.toLowerCase())) continue;
    if (
      match[0].startsWith('.') &&
      abbreviation.test(line.slice(Math.max(0, match.index - 12), match.index + 1))
    ) {
      continue;
    }
    ends.push(at);
  }
  return ends;
}
