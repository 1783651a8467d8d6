import { arrange } from './arrangement.ts';
import { makeCues, srtOf } from './caption.ts';
import { animation, clip } from './clip.ts';
import { makeContent } from './content.ts';
import { makeDeck } from './deck.ts';
import { ink, type Ink } from './ink.ts';
import { clipPlace } from './layouts-special.ts';
import { rateOf, type Encoding, type Lecture, type Paint, type Scene } from './lecture.ts';
import { headBox, overlaysOf } from './overlays.ts';
import { person } from './person.ts';
import { blank, type Box, type Picture } from './picture.ts';
import { placeOf } from './place.ts';
import { planShots, type Shot } from './plan.ts';
import { randomOf, type Random } from './random.ts';
import { recipes, type Kind, type Recipe } from './recipes.ts';
import { type Scrolled, scrolledDocument } from './scroll.ts';
import { rangesOf, type SetName } from './sets.ts';
import { even } from './transitions.ts';
import { HAND_LEAVES } from './widgets.ts';
import { finalOf, stepOf, truthOf, type Shown } from './truth-of.ts';

/** Draws up a lecture of a kind; the same set, kind and seed give the same one. Nothing is encoded yet. */
export async function compose(set: SetName, kind: Kind, seed: number): Promise<Lecture> {
  const random = randomOf(`${set}/${kind}/${seed}`);
  const [recipe, ranges] = [recipes[kind], rangesOf[set]];
  const [width, height] = recipe.size?.[set] ?? random.pick(ranges.sizes);
  const rate = recipe.rate ?? String(random.pick(ranges.rates));
  const place = placeOf(recipe, width, height, ranges, random.fork('place'));
  const head = headBox(recipe, place, boxOf({ width, height }), set, random.fork('head'));
  const deckOptions = { set, slide: place.slide, project: place.project, covered: head };
  const document = recipe.scrolled
    ? await scrolledDocument(recipe.slides ?? 6, { width, height, set }, random.fork('document'))
    : undefined;
  const deck = document?.slides ?? (await makeDeck(recipe, deckOptions, random.fork('deck')));
  const stepCounts = deck.map((slide) => slide.steps.length);
  const planned = planShots(recipe, stepCounts, ranges, set, rateOf(rate), random.fork('plan'));
  const shots = document ? scrolledShots(planned, document, random.fork('scroll')) : planned;
  const arranged = recipe.arrangement
    ? arrange(recipe.arrangement, { width, height, shots }, random.fork('arrangement'))
    : undefined;
  const canvas = deck[0]?.steps[0] ?? blank(width, height);
  const inks =
    recipe.within === 'ink' ? inksOf(shots, place.slide, random.fork('ink')) : new Map<number, Ink>();
  const fade = recipe.builds === 'fade' ? random.between(...ranges.fade) : 0;
  const settles = recipe.overlays?.includes('hand') ? HAND_LEAVES : 0;
  const shown: Shown = { deck, shots, inks, fade, settles, partly: arranged?.partly ?? [] };
  const canvasBox = boxOf(canvas);
  const overlayOptions = { set, canvas: canvasBox, place, head, shots };
  const overlays = await overlaysOf(recipe, overlayOptions, random.fork('overlays'));
  const slides = deck.map((_, i) => truthOf(i, shown)).filter(({ ranges: times }) => times.length > 0);
  const duration = shots.at(-1)?.end ?? 0;
  return {
    width,
    height,
    rate,
    scenes: scenesOf(recipe, shown, canvas, place.slide, random),
    overlays,
    finish: arranged?.record ?? place.record,
    encoding: encodingOf(recipe, set, duration, random),
    finals: new Map(deck.map(({ id }, i) => [`${id}.png`, finalOf(i, shown, width, height)])),
    truth: {
      kind,
      duration,
      slides: recipe.still === undefined ? slides : slides.map((slide) => ({ ...slide, optional: true })),
    },
  };
}

/** Where one place of a document follows another, it is scrolled there. */
function scrolledShots(shots: readonly Shot[], { pane, by }: Scrolled, random: Random): Shot[] {
  return shots.map((shot, i) =>
    i === 0 || typeof shot.slide !== 'number'
      ? shot
      : {
          ...shot,
          transition: {
            style: 'scroll',
            seconds: random.between(0.5, 1.6),
            scroll: { pane, by: by[shot.slide] ?? 0 },
          },
        },
  );
}

const boxOf = ({ width, height }: { width: number; height: number }): Box => ({
  x: 0,
  y: 0,
  w: width,
  h: height,
});

function scenesOf(
  recipe: Recipe,
  { deck, shots, inks, fade }: Shown,
  canvas: Picture,
  box: Box,
  random: Random,
): Scene[] {
  const speaker = person(boxOf(canvas), random.fork('speaker'));
  return shots.map((shot, i) => {
    const { start, end, transition, slide } = shot;
    if (slide === 'black') {
      const dark = blank(canvas.width, canvas.height);
      return { start, end, transition, states: [{ from: start, picture: dark, fade: 0 }] };
    }
    if (slide === 'speaker') {
      return { start, end, transition, states: [{ from: start, picture: canvas, fade: 0 }], paint: speaker };
    }
    const states = shot.steps.map(({ step, from }) => ({ from, picture: stepOf(deck, slide, step), fade }));
    const paint =
      recipe.within === 'clip' || recipe.within === 'gif'
        ? clipOf(shot, recipe.within, box, random.fork(`clip ${i}`))
        : inks.get(slide)?.paint;
    return { start, end, transition, states, paint };
  });
}

function clipOf({ start, end }: Shot, within: 'clip' | 'gif', box: Box, random: Random): Paint {
  const { x, y, w, h } = clipPlace;
  const film = {
    x: even(box.x + x * box.w),
    y: even(box.y + y * box.h),
    w: even(w * box.w),
    h: even(h * box.h),
  };
  if (within === 'gif') return animation(film, start, random);
  return clip(film, { from: start + random.between(0, 1.5), until: end - random.pick([0, 0, 1.5]) }, random);
}

/** Each slide is drawn on while it is shown for the first time. */
function inksOf(shots: readonly Shot[], box: Box, random: Random): Map<number, Ink> {
  const inks = new Map<number, Ink>();
  for (const { slide, end, steps } of shots) {
    if (typeof slide !== 'number' || inks.has(slide)) continue;
    const from = (steps.at(-1)?.from ?? 0) + 1;
    inks.set(slide, ink(box, from, Math.max(from + 0.5, end - 1.5), random));
  }
  return inks;
}

function encodingOf(recipe: Recipe, set: SetName, duration: number, random: Random): Encoding {
  const { thorough = false, interlaced = false, variableRate = false, rotate = 0, bitrate } = recipe;
  const crf = recipe.crf ?? Math.round(random.between(...rangesOf[set].crf));
  const own = random.fork('captions');
  const lines = Array.from({ length: 60 }, () => makeContent(set, own).lines[0] ?? '');
  const captions = recipe.textTrack ? { captions: srtOf(makeCues(lines, duration, own)) } : {};
  return {
    crf,
    thorough,
    interlaced,
    variableRate,
    rotate,
    ...(bitrate === undefined ? {} : { bitrate }),
    ...captions,
  };
}
