import type { SetName } from './sets.ts';

/** Colours as SVG writes them. */
export interface Theme {
  /** One colour, or two of a gradient from top to bottom. */
  readonly background: readonly [string, string?];
  readonly text: string;
  readonly title: string;
  readonly accents: readonly string[];
  readonly font: string;
  readonly titleFont: string;
  /** Drawn behind everything. */
  readonly ornament: 'none' | 'bar' | 'side' | 'circles' | 'footer' | 'frame' | 'diagonal';
}

const sans = 'Liberation Sans, Arial, Helvetica, sans-serif';
const narrow = 'Liberation Sans Narrow, Arial Narrow, sans-serif';
const roman = 'Liberation Serif, Times New Roman, serif';
const dejavu = 'DejaVu Sans, Verdana, sans-serif';
const condensed = 'DejaVu Sans Condensed, Tahoma, sans-serif';
const serif = 'DejaVu Serif, Georgia, serif';

const theme = (
  background: Theme['background'],
  text: string,
  title: string,
  accents: readonly string[],
  fonts: readonly [font: string, titleFont: string],
  ornament: Theme['ornament'],
): Theme => ({ background, text, title, accents, font: fonts[0], titleFont: fonts[1], ornament });

export const themesOf: Record<SetName, readonly Theme[]> = {
  train: [
    theme(['#ffffff'], '#222222', '#0b3d91', ['#d1495b', '#2e86ab', '#3a7d44'], [sans, sans], 'bar'),
    theme(['#fdf6e3'], '#586e75', '#b58900', ['#cb4b16', '#268bd2', '#859900'], [serif, serif], 'footer'),
    theme(['#1e1e2e'], '#cdd6f4', '#f9e2af', ['#f38ba8', '#89b4fa', '#a6e3a1'], [dejavu, dejavu], 'none'),
    theme(
      ['#0f2027', '#2c5364'],
      '#eeeeee',
      '#ffffff',
      ['#ffb703', '#8ecae6', '#fb8500'],
      [sans, dejavu],
      'side',
    ),
    theme(
      ['#f4f4f8', '#d9e2ec'],
      '#243b53',
      '#102a43',
      ['#e12d39', '#0967d2', '#199473'],
      [dejavu, sans],
      'none',
    ),
    theme(['#e9ecef'], '#8d99ae', '#6c757d', ['#adb5bd', '#9a8c98', '#a3b18a'], [sans, serif], 'frame'),
    theme(['#000000'], '#f2f2f2', '#4cc9f0', ['#f72585', '#b5179e', '#4895ef'], [sans, sans], 'none'),
  ],
  'held-out': [
    theme(['#ffffff'], '#111111', '#111111', ['#990000', '#1b4965', '#606c38'], [roman, roman], 'none'),
    theme(['#fffaf0'], '#3d2c2e', '#7b2d26', ['#0b7a75', '#d7c9aa', '#19535f'], [roman, narrow], 'diagonal'),
    theme(
      ['#10002b', '#3c096c'],
      '#e0aaff',
      '#ffffff',
      ['#ff9e00', '#9d4edd', '#72efdd'],
      [narrow, condensed],
      'circles',
    ),
    theme(['#003049'], '#fdf0d5', '#fcbf49', ['#d62828', '#f77f00', '#eae2b7'], [condensed, roman], 'frame'),
    theme(
      ['#d8f3dc', '#95d5b2'],
      '#1b4332',
      '#081c15',
      ['#bc4749', '#6a994e', '#386641'],
      [narrow, narrow],
      'bar',
    ),
    theme(
      ['#3a3a3a'],
      '#7d7d7d',
      '#8f8f8f',
      ['#6b705c', '#7f5539', '#5f6f94'],
      [condensed, condensed],
      'side',
    ),
    theme(
      ['#fefefe', '#f1e3d3'],
      '#333333',
      '#c1121f',
      ['#669bbc', '#780000', '#003049'],
      [condensed, narrow],
      'footer',
    ),
    theme(['#0a4d3c'], '#e8f1ee', '#ffffff', ['#f4d35e', '#ee964b', '#f95738'], [roman, condensed], 'none'),
  ],
};
