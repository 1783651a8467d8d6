import { accent, fit, rect, text, titleAtTop, type Layout } from './layout.ts';
import { randomOf } from './random.ts';

/** Where a film plays: shares of the slide. */
export const clipPlace = { x: 0.3, y: 0.3, w: 0.5, h: 0.5 };

export const clipLayout: Layout = {
  shows: ['title', 'lines'],
  parts: (content, theme, stage) => {
    const { x, y, w, h } = clipPlace;
    const style = { fill: theme.text, font: theme.font };
    const words = content.lines[0] ?? '';
    const beside = content.lines.slice(1, 4).map((one, i) => {
      const word = one.split(' ')[0] ?? '';
      return text(word, stage.w * 0.06, 300 + i * 90, { ...style, size: fit(word, stage.w * 0.2, 44) });
    });
    return [
      titleAtTop(content, theme, stage) +
        rect(x * stage.w - 6, y * stage.h - 6, w * stage.w + 12, h * stage.h + 12, accent(theme, 0)) +
        beside.join('') +
        text(words, stage.w / 2, stage.h * 0.9, {
          ...style,
          size: fit(words, stage.w * 0.8, 44),
          anchor: 'middle',
        }),
    ];
  },
};

/** A whiteboard: one part for each line of handwriting or figure that is drawn. */
export const boardLayout: Layout = {
  shows: [],
  parts: (content, _theme, stage) => {
    const random = randomOf(content.drawing);
    const board = rect(0, 0, stage.w, stage.h, '#f3f4f1');
    const stroke = () =>
      `fill="none" stroke="${random.pick(['#1d3557', '#1d3557', '#b00020'])}" stroke-width="7"`;
    const figures = Array.from({ length: 9 }, (_, i) => {
      const [x, y] = [stage.w * (0.06 + 0.32 * (i % 3)), stage.h * (0.14 + 0.27 * Math.floor(i / 3))];
      if (random.chance(0.3)) return `<ellipse cx="${x + 170}" cy="${y + 30}" rx="150" ry="60" ${stroke()}/>`;
      const points = Array.from(
        { length: 40 },
        (_unused, k) => `${x + k * 9},${y + 40 + random.between(-38, 38) * (k % 7 === 0 ? 0.1 : 1)}`,
      );
      return `<polyline points="${points.join(' ')}" ${stroke()}/>`;
    });
    return [board + (figures[0] ?? ''), ...figures.slice(1)];
  },
};

/** Code that is typed while it is shown, a few letters at a time. */
export const typedLayout: Layout = {
  shows: [],
  parts: (content, theme, stage) => {
    const font = 'DejaVu Sans Mono, Courier, monospace';
    const size = Math.min(38, stage.w / 30);
    const paper = rect(0, 140, stage.w, stage.h - 140, '#1b1f27');
    const chunks = content.lines.slice(0, 4).flatMap((words, row) => {
      const pieces = `${words} = ${content.numbers[row]};`.match(/.{1,3}/g) ?? [];
      return pieces.map((piece, i) => {
        const [x, y] = [60 + i * 3 * size * 0.62, 230 + row * 90];
        return text(piece.replaceAll(' ', '\u00a0'), x, y, { size, fill: '#d7e3f4', font });
      });
    });
    return [titleAtTop(content, theme, stage) + paper, ...chunks];
  },
};
