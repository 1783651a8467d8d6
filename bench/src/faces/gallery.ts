import { createGallery } from '@mediaworks/face-recognizer/engine';
import { heading, median, ms, percentile, row, verdict } from '../report.ts';
import { random } from './accuracy.ts';

const EMBEDDINGS = 100_000;
const DIMENSIONS = 512;
const SEARCHES = 60;
const WARM_UPS = 5;

/** The three nearest persons among 100,000 embeddings, on one core. */
export function measureGallery(): void {
  heading('Faces: the three nearest of 100,000 embeddings of 512 numbers');
  const next = random(3);
  const draw = () => {
    const vector = Float32Array.from({ length: DIMENSIONS }, () => next() + next() + next() - 1.5);
    const length = Math.hypot(...vector);
    return vector.map((value) => value / length);
  };
  const gallery = createGallery(DIMENSIONS);
  for (let n = 0; n < EMBEDDINGS; n++)
    gallery.add({ id: String(n), person: `p${n >> 1}`, embedding: draw() });
  const times: number[] = [];
  for (let n = 0; n < SEARCHES + WARM_UPS; n++) {
    const query = draw();
    const start = performance.now();
    gallery.top(query, 3);
    if (n >= WARM_UPS) times.push(performance.now() - start);
  }
  row('a search', `${ms(median(times))} median`, `${ms(percentile(times, 0.95))} of 95%`);
  verdict('A search', median(times), { atMost: 15 }, ' ms');
}
