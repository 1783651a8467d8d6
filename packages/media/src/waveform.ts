import type { Readable } from 'node:stream';

/** The audiowaveform data format, version 2: `data` is min, max, min, max…, one pair a pixel, −128 to 127. */
export interface Waveform {
  readonly version: 2;
  readonly channels: 1;
  /** Samples a second. */
  readonly sample_rate: number;
  readonly samples_per_pixel: number;
  readonly bits: 8;
  /** Pixels. */
  readonly length: number;
  readonly data: readonly number[];
}

const FINEST_SAMPLES_PER_PIXEL = 256;
const MOST_PIXELS = 4096;

/**
 * Sums up mono samples, however many come: whenever there are too many pixels, each two become one. So memory is
 * bounded, no length has to be known before, and longer than a few seconds the result has 2048–4096 pixels.
 */
export class WaveformBuilder {
  #samplesPerPixel = FINEST_SAMPLES_PER_PIXEL;
  #data: number[] = [];
  #low = 0;
  #high = 0;
  #taken = 0;
  #oddByte: Buffer = Buffer.alloc(0);

  constructor(private readonly sampleRate: number) {}

  /** Reads signed 16-bit little-endian mono samples to their end. */
  async read(stream: Readable): Promise<void> {
    for await (const chunk of stream as AsyncIterable<Buffer>) this.add(chunk);
  }

  add(chunk: Buffer): void {
    const bytes = this.#oddByte.length > 0 ? Buffer.concat([this.#oddByte, chunk]) : chunk;
    const whole = bytes.length - (bytes.length % 2);
    for (let at = 0; at < whole; at += 2) this.#take(bytes.readInt16LE(at));
    this.#oddByte = Buffer.from(bytes.subarray(whole));
  }

  finish(): Waveform {
    if (this.#taken > 0) this.#close();
    return {
      version: 2,
      channels: 1,
      sample_rate: this.sampleRate,
      samples_per_pixel: this.#samplesPerPixel,
      bits: 8,
      length: this.#data.length / 2,
      data: this.#data,
    };
  }

  #take(sample: number): void {
    if (this.#taken === 0 || sample < this.#low) this.#low = sample;
    if (this.#taken === 0 || sample > this.#high) this.#high = sample;
    this.#taken += 1;
    if (this.#taken === this.#samplesPerPixel) this.#close();
  }

  #close(): void {
    this.#data.push(this.#low >> 8, this.#high >> 8);
    this.#taken = 0;
    if (this.#data.length >= 2 * MOST_PIXELS) this.#halve();
  }

  #halve(): void {
    const data: number[] = [];
    for (let at = 0; at < this.#data.length; at += 4) {
      const [lowA = 0, highA = 0, lowB = 0, highB = 0] = this.#data.slice(at, at + 4);
      data.push(Math.min(lowA, lowB), Math.max(highA, highB));
    }
    this.#data = data;
    this.#samplesPerPixel *= 2;
  }
}
