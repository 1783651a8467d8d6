/** What a reader can see of a text: the same letters, without what only steers a screen. */

const LINE_ENDS = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/g;
/** Marks without a shape: soft hyphen, joiner hints, byte order mark, variation selectors, tags. */
const SHAPELESS = /[\u00AD\u180E\u2060-\u2064\uFEFF\u{E0000}-\u{E007F}]|\u034F|\p{Variation_Selector}/gu;
const CONTROLS = /[\u0000-\u0008\u000E-\u001F\u007F-\u0084\u0086-\u009F]/g;

/** What stands for a character that can't be shown. */
export const REPLACEMENT = '\uFFFD';

/**
 * The text composed (NFC), its line ends as \n, tabs as spaces, lone surrogates and control characters as the
 * visible replacement. Directional marks stay: the bidirectional algorithm needs them.
 */
export function printable(text: string): string {
  return text
    .toWellFormed()
    .normalize('NFC')
    .replace(LINE_ENDS, '\n')
    .replace(/[\t\u00A0\u2000-\u200A\u202F\u205F\u3000]/g, (space) => (space === '\u3000' ? space : ' '))
    .replace(SHAPELESS, '')
    .replace(CONTROLS, REPLACEMENT);
}

/** The same on one line, for titles. */
export function printableLine(text: string): string {
  return printable(text).replace(/\s+/gu, ' ').trim();
}
