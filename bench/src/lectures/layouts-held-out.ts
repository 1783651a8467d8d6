import { accent, fit, line, rect, short, text, titleAtTop, type Layout } from './layout.ts';
import { randomOf } from './random.ts';

const numbered: Layout = {
  shows: ['lines'],
  parts: (content, theme, stage) => {
    const step = Math.min(125, (stage.h - 230) / content.lines.length);
    return [
      text(content.title, stage.w / 2, 120, {
        size: fit(content.title, stage.w * 0.86, 74),
        fill: theme.title,
        font: theme.titleFont,
        anchor: 'middle',
      }),
      ...content.lines.map((words, i) => {
        const [y, size] = [250 + i * step, fit(words, stage.w * 0.72, 46)];
        const style = { fill: theme.text, font: theme.font, size };
        const mark = text(`${i + 1}.`, stage.w * 0.1, y, { ...style, fill: accent(theme, 0), bold: true });
        return mark + text(words, stage.w * 0.16, y, style);
      }),
    ];
  },
};

const boxes: Layout = {
  shows: ['lines', 'numbers'],
  parts: (content, theme, stage) => {
    const [w, h] = [stage.w * 0.42, (stage.h - 260) / 2];
    const cards = [0, 1, 2, 3].map((i) => {
      const [x, y] = [stage.w * 0.06 + (i % 2) * (w + stage.w * 0.04), 180 + (i >> 1) * (h + 30)];
      const words = short(content.lines[i % content.lines.length] ?? '');
      const style = { font: theme.font, fill: theme.text };
      return (
        rect(x, y, w, h, 'none', `stroke="${accent(theme, i)}" stroke-width="5" rx="20"`) +
        text(String(content.numbers[i]), x + 40, y + h * 0.45, { ...style, size: 84, bold: true }) +
        text(words, x + 40, y + h * 0.75, { ...style, size: fit(words, w - 80, 36) })
      );
    });
    return [titleAtTop(content, theme, stage, 60) + (cards[0] ?? ''), ...cards.slice(1)];
  },
};

const flow: Layout = {
  shows: ['numbers'],
  parts: (content, theme, stage) => {
    const w = stage.w / 5;
    const y = stage.h * 0.5;
    const steps = [0, 1, 2, 3].map((i) => {
      const x = stage.w * 0.05 + i * (w * 1.16);
      const name = content.lines[i % content.lines.length]?.split(' ')[0] ?? '';
      const middle = { font: theme.font, fill: theme.text, anchor: 'middle' } as const;
      const arrow = i === 0 ? '' : line(x - w * 0.16, y, x, y, theme.text, 6);
      return (
        arrow +
        `<ellipse cx="${x + w / 2}" cy="${y}" rx="${w / 2}" ry="100" fill="none" stroke="${accent(theme, i)}" stroke-width="7"/>` +
        text(name, x + w / 2, y + 14, { ...middle, size: fit(name, w * 0.8, 40) }) +
        text(String(content.numbers[i]), x + w / 2, y + 180, { ...middle, size: 56, bold: true })
      );
    });
    return [titleAtTop(content, theme, stage) + (steps[0] ?? ''), ...steps.slice(1)];
  },
};

const curve: Layout = {
  shows: ['numbers'],
  parts: (content, theme, stage) => {
    const random = randomOf(content.drawing);
    const [x0, y0, x1] = [stage.w * 0.1, stage.h - 140, stage.w * 0.72];
    const axes = line(x0, 190, x0, y0, theme.text, 4) + line(x0, y0, x1, y0, theme.text, 4);
    const curves = [0, 1, 2].map((i) => {
      const points = Array.from(
        { length: 12 },
        (_, k) => `${x0 + ((x1 - x0) * k) / 11},${y0 - random.between(40, y0 - 260)}`,
      );
      const y = 280 + i * 130;
      const legend = { size: 52, fill: accent(theme, i), font: theme.font, bold: true };
      return (
        `<polyline points="${points.join(' ')}" fill="none" stroke="${accent(theme, i)}" stroke-width="7"/>` +
        text(`${content.numbers[i]}`, stage.w * 0.78, y, legend)
      );
    });
    return [titleAtTop(content, theme, stage, 58) + axes, ...curves];
  },
};

const shell: Layout = {
  shows: ['numbers'],
  parts: (content, theme, stage) => {
    const font = 'Liberation Mono, Courier New, monospace';
    const rows = content.numbers
      .slice(0, 7)
      .map(
        (number, i) =>
          `$ run --${content.lines[i % content.lines.length]?.split(' ')[0]?.toLowerCase()}=${number}`,
      );
    const size = Math.min(44, stage.w / 28);
    const shown = rows.map((row, i) =>
      text(row, stage.w * 0.08, 250 + i * 82, { size, fill: '#7ee787', font }),
    );
    const paper = rect(stage.w * 0.05, 170, stage.w * 0.9, stage.h - 230, '#0d1117');
    return [titleAtTop(content, theme, stage, 54) + paper + (shown[0] ?? ''), ...shown.slice(1)];
  },
};

const quote: Layout = {
  shows: ['lines'],
  parts: (content, theme, stage) => {
    const lines = content.lines.slice(0, 3);
    return [
      rect(stage.w * 0.1, stage.h * 0.25, 12, stage.h * 0.45, accent(theme, 0)) +
        lines
          .map((words, i) =>
            text(words, stage.w * 0.14, stage.h * 0.36 + i * 110, {
              size: fit(words, stage.w * 0.76, 62),
              fill: theme.text,
              font: theme.titleFont,
            }),
          )
          .join('') +
        text(`— ${content.title}`, stage.w * 0.9, stage.h * 0.8, {
          size: 40,
          fill: theme.title,
          font: theme.font,
          anchor: 'end',
        }),
    ];
  },
};

const ledger: Layout = {
  shows: ['numbers'],
  parts: (content, theme, stage) => {
    const rows = content.numbers.slice(0, 6).map((number, i) => {
      const y = 240 + i * 98;
      const words = content.lines[i % content.lines.length] ?? '';
      const style = { size: 44, fill: theme.text, font: theme.font };
      const stripe =
        i % 2 === 0
          ? rect(stage.w * 0.08, y - 62, stage.w * 0.84, 92, accent(theme, 1), 'opacity="0.15"')
          : '';
      return (
        stripe +
        text(words, stage.w * 0.1, y, { ...style, size: fit(words, stage.w * 0.55, 42) }) +
        text(String(number), stage.w * 0.9, y, { ...style, anchor: 'end', bold: true })
      );
    });
    return [titleAtTop(content, theme, stage, 64) + (rows[0] ?? ''), ...rows.slice(1)];
  },
};

const rings: Layout = {
  shows: ['title'],
  parts: (content, theme, stage) => {
    const random = randomOf(content.drawing);
    const drawn = Array.from({ length: 40 }, () => {
      const [x, y, r] = [random.between(0, stage.w), random.between(0, stage.h), random.between(20, 190)];
      const fill = `hsl(${random.whole(0, 359)},${random.whole(10, 60)}%,${random.whole(15, 85)}%)`;
      return `<circle cx="${x}" cy="${y}" r="${r}" fill="${fill}" opacity="0.7"/>`;
    });
    const size = fit(content.title, stage.w * 0.6, 60);
    const title = text(content.title, stage.w / 2, 96, {
      size,
      fill: '#111111',
      font: theme.titleFont,
      anchor: 'middle',
    });
    return [
      drawn.join('') + rect(stage.w * 0.15, 26, stage.w * 0.7, 100, '#ffffff', 'opacity="0.9"') + title,
    ];
  },
};

export const layoutsHeldOut: readonly Layout[] = [
  numbered,
  numbered,
  boxes,
  flow,
  curve,
  shell,
  quote,
  ledger,
  rings,
];
