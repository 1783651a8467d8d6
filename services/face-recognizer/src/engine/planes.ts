import { createPlaneRows } from './pixel-rows.ts';

/** Turns pixels into what models take: planes of numbers, one a channel. */
export interface Planes {
  /** Where the pixels of one picture are to be put, RGB. */
  readonly bytes: Uint8Array;
  /** What was written, one picture after the other. */
  readonly input: Float32Array;
  /** Writes the picture in `bytes` as the nth. */
  write(index: number): void;
}

/** How bytes become numbers: (value − mean) / scale, the channels in this order. */
export interface Numbers {
  readonly channels: 'rgb' | 'bgr';
  readonly mean: number;
  readonly scale: number;
}

/**
 * @param size of a picture, in pixels
 * @param count pictures that there is room for
 */
export function createPlanes(size: number, { channels, mean, scale }: Numbers, count = 1): Planes {
  const rows = createPlaneRows(mean, scale);
  const start = Math.ceil((size * 3) / 64) * 64;
  const { buffer } = rows.memory(start + count * size * 12);
  const bytes = new Uint8Array(buffer, 0, size * 3);
  const input = new Float32Array(buffer, start, count * size * 3);
  const order = channels === 'rgb' ? [0, 1, 2] : [2, 1, 0];
  const whole = size & ~15;
  return {
    bytes,
    input,
    write(index) {
      const planes = order.map((plane) => (index * 3 + plane) * size);
      const [red = 0, green = 0, blue = 0] = planes.map((plane) => start + plane * 4);
      rows.planes(0, red, green, blue, whole);
      // Fewer than sixteen are left.
      for (let pixel = whole; pixel < size; pixel++) {
        for (const [channel, plane] of planes.entries())
          input[plane + pixel] = ((bytes[pixel * 3 + channel] ?? 0) - mean) / scale;
      }
    },
  };
}
