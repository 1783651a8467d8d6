import { accent, fit, line, rect, short, text, titleAtTop, type Layout } from './layout.ts';
import { layoutsHeldOut } from './layouts-held-out.ts';
import { randomOf } from './random.ts';
import type { SetName } from './sets.ts';

const bullets: Layout = {
  shows: ['lines'],
  parts: (content, theme, stage) => {
    const step = Math.min(110, (stage.h - 220) / content.lines.length);
    return [
      titleAtTop(content, theme, stage),
      ...content.lines.map((words, i) => {
        const y = 230 + i * step;
        const size = fit(words, stage.w * 0.8, 50);
        const mark = `<circle cx="${stage.w * 0.08}" cy="${y - 15}" r="9" fill="${accent(theme, i)}"/>`;
        return mark + text(words, stage.w * 0.1, y, { size, fill: theme.text, font: theme.font });
      }),
    ];
  },
};

const twoColumns: Layout = {
  shows: ['lines', 'numbers'],
  parts: (content, theme, stage) => {
    const style = { size: 40, fill: theme.text, font: theme.font };
    const left = content.lines.slice(0, 4).map((whole, i) => {
      const words = short(whole);
      const size = fit(words, stage.w * 0.42, 42);
      return text(words, stage.w * 0.07, 250 + i * 90, { ...style, size });
    });
    const right = content.numbers.slice(0, 4).map((number, i) => {
      const y = 250 + i * 130;
      const box = rect(stage.w * 0.58, y - 66, stage.w * 0.32, 100, accent(theme, i), 'rx="14"');
      const size = 60;
      return (
        box +
        text(String(number), stage.w * 0.74, y + 5, { ...style, size, fill: '#ffffff', anchor: 'middle' })
      );
    });
    return [titleAtTop(content, theme, stage), ...left.map((one, i) => one + (right[i] ?? ''))];
  },
};

const code: Layout = {
  shows: ['numbers'],
  parts: (content, theme, stage) => {
    const [a = 'x', b = 'y'] = content.title.toLowerCase().split(' ');
    const [n1, n2, n3, n4] = content.numbers;
    const rows = [
      `function ${a}(${b}, n = ${n1}) {`,
      `  if (n < ${n2}) return ${b};`,
      `  const next = n * ${n3};`,
      `  for (let i = 0; i < n; i++) {`,
      `    ${b}.push(i % ${n4});`,
      '  }',
      '  return next;',
      '}',
    ];
    const font = 'DejaVu Sans Mono, Courier, monospace';
    const shown = rows.map((row, i) =>
      text(row.replace(/^ +/, ''), stage.w * 0.1 + (row.search(/\S/) ?? 0) * 24, 240 + i * 74, {
        size: Math.min(42, stage.w / 26),
        fill: i % 3 === 0 ? '#ffd166' : '#e6e6e6',
        font,
      }),
    );
    const paper = rect(stage.w * 0.06, 165, stage.w * 0.88, 660, '#20242c', 'rx="12"');
    return [titleAtTop(content, theme, stage) + paper + shown.slice(0, 2).join(''), ...shown.slice(2)];
  },
};

const table: Layout = {
  shows: ['numbers'],
  parts: (content, theme, stage) => {
    const [columns, rows] = [4, 4];
    const [cw, ch] = [(stage.w * 0.86) / columns, 120];
    const grid = Array.from({ length: rows }, (_, row) => {
      const cells = Array.from({ length: columns }, (_, column) => {
        const [x, y] = [stage.w * 0.07 + column * cw, 200 + row * ch];
        const head = row === 0;
        const words = head
          ? (content.lines[column % content.lines.length]?.split(' ')[0] ?? '')
          : String(content.numbers[(row - 1) * columns + column]);
        return (
          rect(x, y, cw, ch, head ? accent(theme, 0) : 'none', `stroke="${theme.text}" stroke-width="3"`) +
          text(words, x + cw / 2, y + 76, {
            size: fit(words, cw * 0.9, 46),
            fill: head ? '#ffffff' : theme.text,
            font: theme.font,
            anchor: 'middle',
          })
        );
      });
      return cells.join('');
    });
    return [titleAtTop(content, theme, stage) + (grid[0] ?? ''), ...grid.slice(1)];
  },
};

const chart: Layout = {
  shows: ['numbers'],
  parts: (content, theme, stage) => {
    const numbers = content.numbers.slice(0, 6);
    const top = Math.max(...numbers);
    const [x0, y0, width] = [stage.w * 0.12, stage.h - 130, (stage.w * 0.76) / numbers.length];
    const axes = line(x0, 190, x0, y0, theme.text) + line(x0, y0, stage.w * 0.9, y0, theme.text);
    return [
      titleAtTop(content, theme, stage) + axes,
      ...numbers.map((number, i) => {
        const height = 40 + ((y0 - 320) * number) / top;
        const x = x0 + i * width + width * 0.15;
        const style = { size: 40, fill: theme.text, font: theme.font, anchor: 'middle' } as const;
        const label = text(String(number), x + width * 0.35, y0 - height - 16, style);
        return rect(x, y0 - height, width * 0.7, height, accent(theme, i)) + label;
      }),
    ];
  },
};

const titlePage: Layout = {
  shows: ['title'],
  parts: (content, theme, stage) => {
    const middle = { font: theme.titleFont, anchor: 'middle' } as const;
    const sub = content.lines[0] ?? '';
    return [
      text(content.title, stage.w / 2, stage.h * 0.45, {
        ...middle,
        size: fit(content.title, stage.w * 0.86, 110),
        fill: theme.title,
        bold: true,
      }) +
        line(stage.w * 0.3, stage.h * 0.52, stage.w * 0.7, stage.h * 0.52, accent(theme, 0), 6) +
        text(sub, stage.w / 2, stage.h * 0.62, {
          ...middle,
          size: fit(sub, stage.w * 0.7, 48),
          fill: theme.text,
        }),
    ];
  },
};

const formula: Layout = {
  shows: ['numbers'],
  parts: (content, theme, stage) => {
    const style = { size: 60, fill: theme.text, font: 'DejaVu Serif, Georgia, serif' };
    const [a, b, c, d, e, f] = content.numbers;
    const rows = [
      `f(x) = ${a}x² + ∑ √(n + ${b})`,
      `∂f/∂x = ${c} · e^(−λt) + ${d}`,
      `∫ g(t) dt ≤ ${e} ± ${f}`,
    ];
    return [
      titleAtTop(content, theme, stage),
      ...rows.map((row, i) =>
        text(row, stage.w * 0.14, 320 + i * 170, { ...style, size: fit(row, stage.w * 0.75, 64) }),
      ),
    ];
  },
};

const picture: Layout = {
  shows: ['title'],
  parts: (content, theme, stage) => {
    const random = randomOf(content.drawing);
    const shapes = Array.from({ length: 26 }, (_, i) => {
      const [x, y] = [random.between(0, stage.w), random.between(0, stage.h)];
      const points = Array.from(
        { length: 5 },
        () => `${x + random.between(-260, 260)},${y + random.between(-200, 200)}`,
      );
      const fill = `hsl(${random.whole(0, 359)},${random.whole(20, 70)}%,${random.whole(20, 75)}%)`;
      return `<polygon points="${points.join(' ')}" fill="${fill}" opacity="${i < 8 ? 1 : 0.8}"/>`;
    });
    const size = fit(content.title, stage.w * 0.8, 56);
    const caption = text(content.title, stage.w * 0.07, stage.h - 60, {
      size,
      fill: '#ffffff',
      font: theme.titleFont,
    });
    return [shapes.join('') + rect(0, stage.h - 130, stage.w, 110, '#000000', 'opacity="0.75"') + caption];
  },
};

export const layoutsOf: Record<SetName, readonly Layout[]> = {
  train: [bullets, bullets, twoColumns, code, table, chart, titlePage, formula, picture],
  'held-out': layoutsHeldOut,
};
