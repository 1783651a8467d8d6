import type { Box, Picture } from './picture.ts';

/** Draws a part of a picture into a box of another, larger or smaller, bilinear; parts beyond the edges are left out. */
export function resample(from: Picture, part: Box, into: Picture, box: Box): void {
  for (const plane of [0, 1, 2]) {
    const by = plane === 0 ? 1 : 2;
    const [source, target] = [planeAt(from, plane), planeAt(into, plane)];
    const columns = Array.from({ length: Math.round(box.w / by) }, (_, x) =>
      placeIn(part.x / by + ((x + 0.5) * part.w) / box.w - 0.5, source.width),
    );
    const left = Math.round(box.x / by);
    for (let y = 0; y < Math.round(box.h / by); y++) {
      const toRow = Math.round(box.y / by) + y;
      if (toRow < 0 || toRow >= target.height) continue;
      const row = placeIn(part.y / by + ((y + 0.5) * part.h) / box.h - 0.5, source.height);
      const upper = source.at + row.at * source.width;
      const lower = upper + (row.at + 1 < source.height ? source.width : 0);
      const to = target.at + toRow * target.width;
      columns.forEach(({ at, weight }, x) => {
        const column = left + x;
        if (column < 0 || column >= target.width) return;
        const next = at + 1 < source.width ? at + 1 : at;
        const top = mean(from.data[upper + at] ?? 0, from.data[upper + next] ?? 0, weight);
        const bottom = mean(from.data[lower + at] ?? 0, from.data[lower + next] ?? 0, weight);
        into.data[to + column] = mean(top, bottom, row.weight) + 0.5;
      });
    }
  }
}

const mean = (a: number, b: number, weight: number) => a + (b - a) * weight;

function placeIn(value: number, length: number): { at: number; weight: number } {
  const within = Math.max(0, Math.min(length - 1, value));
  return { at: Math.floor(within), weight: within - Math.floor(within) };
}

function planeAt({ width, height }: Picture, plane: number) {
  const luma = width * height;
  if (plane === 0) return { at: 0, width, height };
  return { at: plane === 1 ? luma : luma * 1.25, width: width / 2, height: height / 2 };
}
