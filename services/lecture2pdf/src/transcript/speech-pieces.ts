/** Seconds in which the quietest moment is looked for. */
const FRAME = 0.1;

/**
 * Cuts speech that is longer than a model can take, at its quietest moments: models throw away what is too much. Every
 * sample is in one piece, and no piece is longer than `longest`.
 */
export function speechPieces(
  samples: Float32Array,
  rate: number,
  longest: number,
): { readonly start: number; readonly samples: Float32Array }[] {
  const most = Math.floor(longest * rate);
  const pieces: { start: number; samples: Float32Array }[] = [];
  let from = 0;
  while (samples.length - from > most) {
    // In the later half, so that pieces stay long enough to be understood.
    const cut = quietest(samples, from + Math.floor(most / 2), from + most, Math.floor(FRAME * rate));
    pieces.push({ start: from, samples: samples.subarray(from, cut) });
    from = cut;
  }
  pieces.push({ start: from, samples: samples.subarray(from) });
  return pieces;
}

function quietest(samples: Float32Array, from: number, to: number, frame: number): number {
  let best = to;
  let least = Infinity;
  for (let at = from; at + frame <= to; at += frame) {
    let energy = 0;
    for (let n = at; n < at + frame; n++) energy += (samples[n] ?? 0) ** 2;
    if (energy < least) [best, least] = [at + Math.floor(frame / 2), energy];
  }
  return best;
}
