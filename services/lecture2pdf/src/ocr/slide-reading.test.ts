import { expect, it } from '@jest/globals';
import { slideReading } from './slide-reading.ts';

type Word = [text: string, x: number, y: number, width: number, height: number, confidence?: number];

function line(...words: Word[]) {
  return {
    words: words.map(([text, x, y, w, h, confidence = 95]) => ({
      text,
      confidence,
      bbox: { x0: x, y0: y, x1: x + w, y1: y + h },
    })),
  };
}

it('keeps sure words, as wide as they are and as high as their line, in pixels of the picture', () => {
  const read = slideReading(
    [line(['Big', 100, 40, 90, 30], ['go', 200, 50, 40, 28], ['~~', 300, 40, 30, 30, 30])],
    0.5,
    1000,
  );
  expect(read.words).toEqual([
    { text: 'Big', confidence: 95, box: { x: 200, y: 80, w: 180, h: 76 } },
    { text: 'go', confidence: 95, box: { x: 400, y: 80, w: 80, h: 76 } },
  ]);
  expect(read.text).toBe('Big go');
});

it('drops rules and frames, and lines without a letter', () => {
  const read = slideReading(
    [line(['l', 0, 100, 900, 6]), line(['—', 10, 300, 20, 8], ['|', 50, 300, 4, 30])],
    1,
    720,
  );
  expect(read).toEqual({ title: null, text: '', words: [] });
});

it('takes the highest line of the top quarter for the title, with the line that goes on under it', () => {
  const small = line(['Course', 0, 20, 60, 14], ['notes', 70, 20, 60, 14]);
  const title = line(['Sorting', 0, 60, 200, 40], ['and', 220, 60, 80, 40]);
  const more = line(['Searching', 0, 110, 200, 40]);
  const body = line(['Enormous', 0, 400, 500, 90]);
  expect(slideReading([small, title, more, body], 1, 720).title).toBe('Sorting and Searching');
  expect(slideReading([body], 1, 720).title).toBeNull();
  expect(slideReading([small, title, body], 1, 720).title).toBe('Sorting and');
});
