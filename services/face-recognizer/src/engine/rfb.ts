import type { Candidate } from './detector.ts';

/**
 * Reads what Ultra-Light-Fast-Generic-Face-Detector (RFB) finds, exported with its boxes decoded: `scores` are pairs of
 * background and face, `boxes` corners as fractions of the input's sides.
 */
export function decodeRfb(
  outputs: ReadonlyMap<string, Float32Array>,
  { width, height }: { width: number; height: number },
  least: number,
): Candidate[] {
  const [scores, boxes] = [outputs.get('scores'), outputs.get('boxes')];
  if (!scores || !boxes)
    throw new Error('The detector answers no scores and boxes: it is not of the kind rfb');
  const found: Candidate[] = [];
  for (let at = 1; at < scores.length; at += 2) {
    const score = scores[at] as number;
    if (score < least) continue;
    const index = at >> 1;
    const [left = 0, top = 0, right = 0, bottom = 0] = boxes.subarray(index * 4, index * 4 + 4);
    if (!(right > left && bottom > top)) continue;
    found.push({
      left: left * width,
      top: top * height,
      right: right * width,
      bottom: bottom * height,
      score,
    });
  }
  return found;
}
