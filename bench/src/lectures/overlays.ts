import { burntCaptions, liveCaptions, makeCues } from './caption.ts';
import { makeContent } from './content.ts';
import type { Paint } from './lecture.ts';
import { participants } from './participants.ts';
import { person } from './person.ts';
import type { Box } from './picture.ts';
import { inset, type Place } from './place.ts';
import type { Shot } from './plan.ts';
import { laser, mouse } from './pointer.ts';
import type { Random } from './random.ts';
import type { Recipe } from './recipes.ts';
import { rangesOf, type SetName } from './sets.ts';
import { walker } from './walker.ts';
import { clock, particles, switchedHead, writingHand } from './widgets.ts';

/** Where a talking head lies, if there is one. */
export function headBox(
  recipe: Recipe,
  place: Place,
  canvas: Box,
  set: SetName,
  random: Random,
): Box | undefined {
  if (!recipe.overlays?.includes('head')) return undefined;
  if (place.beside) return place.beside;
  const tall = Math.min(canvas.w, canvas.h) * random.between(...rangesOf[set].head);
  const wide = tall * random.pick([1, 1.33, 1.6]);
  const [x, y] = [random.pick([0.02, 0.98]), random.pick([0.02, 0.98, 0.98])];
  return inset(canvas, wide / canvas.w, tall / canvas.h, x, y);
}

export interface OverlayOptions {
  readonly set: SetName;
  /** The whole picture that is drawn on. */
  readonly canvas: Box;
  readonly place: Place;
  readonly head: Box | undefined;
  readonly shots: readonly Shot[];
}

/** What lies over the slides. */
export async function overlaysOf(
  recipe: Recipe,
  { set, canvas, place, head, shots }: OverlayOptions,
  random: Random,
): Promise<Paint[]> {
  const pointer = Math.min(canvas.w, canvas.h) * random.between(...rangesOf[set].pointer);
  const duration = shots.at(-1)?.end ?? 0;
  const overlays: Paint[] = [];
  for (const overlay of recipe.overlays ?? []) {
    const own = random.fork(overlay);
    switch (overlay) {
      case 'head':
        if (head) overlays.push(overSlides(shots, person(head, own, { round: own.chance(0.25) })));
        break;
      case 'roaming-head':
        overlays.push(overSlides(shots, roaming(canvas, set, own)));
        break;
      case 'laser':
        overlays.push(overSlides(shots, laser(place.slide, pointer, own)));
        break;
      case 'mouse':
        overlays.push(overSlides(shots, mouse(place.slide, pointer * 2, own)));
        break;
      case 'captions':
      case 'live-captions': {
        const lines = Array.from({ length: 40 }, () => makeContent(set, own).lines[0] ?? '');
        const captions = overlay === 'captions' ? burntCaptions : liveCaptions;
        overlays.push(await captions(makeCues(lines, duration, own), canvas.w, canvas.h, own));
        break;
      }
      case 'participants':
        if (place.beside) overlays.push(participants(place.beside, own));
        break;
      case 'switched-head':
        overlays.push(overSlides(shots, switchedHead(canvas, own.between(...rangesOf[set].head), own)));
        break;
      case 'hand':
        overlays.push(writingHand(canvas, shots, own));
        break;
      case 'clock':
        overlays.push(await clock(canvas, duration, 60, own));
        break;
      case 'timer':
        overlays.push(await clock(canvas, duration, 1, own));
        break;
      case 'particles':
        overlays.push(particles(canvas, own));
        break;
      case 'walker':
        overlays.push(walker(canvas.w, canvas.h, own));
    }
  }
  return overlays;
}

/** A head that is put into another corner now and then. */
function roaming(canvas: Box, set: SetName, random: Random): Paint {
  const share = random.between(...rangesOf[set].head);
  const heads = random
    .shuffle([0, 1, 2, 3])
    .map((corner) => inset(canvas, share * 0.7, share, corner % 2 ? 0.98 : 0.02, corner > 1 ? 0.98 : 0.02))
    .map((box) => person(box, random.fork('same')));
  const stays = random.between(9, 16);
  return (frame, t) => heads[Math.floor(t / stays) % heads.length]?.(frame, t);
}

/** Draws only while a slide is shown. */
function overSlides(shots: readonly Shot[], paint: Paint): Paint {
  const others = shots.filter(({ slide }) => typeof slide !== 'number');
  return (frame, t) => {
    if (!others.some(({ start, end }) => t >= start && t < end)) paint(frame, t);
  };
}
