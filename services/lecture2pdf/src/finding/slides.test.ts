import { describe, expect, it } from '@jest/globals';
import {
  arrow,
  box,
  grid,
  held,
  type Paint,
  restless,
  rounded,
  shrunk,
  watch,
  words,
} from './testing/film.ts';

const rain = [words('Precipitation and what it is', 20), words('Droplets join and fall as rain', 70)];
const river = [words('Rivers run down to the sea', 20), words('Water gathers in small streams', 90)];
const snow = words('Or as snow where it is cold enough', 120);
const { width, height } = grid;

describe('what is a page of its own', () => {
  it('is each slide that is shown', () => {
    const slides = watch(30, (t) => (t < 12 ? rain : river));
    expect(rounded(slides)).toEqual([[[0, 12]], [[12, 30]]]);
  });

  it('is a slide on which one number is another', () => {
    const table = (value: string) => [...rain, words(`The sum of it is ${value} litres`, 160)];
    expect(rounded(watch(30, (t) => table(t < 15 ? '1024' : '8716')))).toEqual([[[0, 15]], [[15, 30]]]);
  });

  it('is a slide on which a part of a digit is another', () => {
    // A two has a foot that a seven lacks, and a little less of a bar above.
    const stem = [box(296, 157, 6, 2, 30), box(300, 159, 2, 6, 30)];
    const two = [...rain, ...stem, box(294, 165, 8, 2, 30)];
    const seven = [...rain, ...stem, box(293, 157, 3, 2, 30)];
    expect(rounded(watch(24, (t) => (t < 12 ? two : seven)))).toEqual([[[0, 12]], [[12, 24]]]);
  });

  it('is nothing where a plain is just so bright that it might be ink', () => {
    const panel: Paint = (frame) => {
      for (let y = 40; y < 200; y++) {
        for (let x = 40; x < 400; x++) {
          const grain = (Math.imul(y * width + x, 0x9e3779b1) >>> 30) - 1;
          frame[y * width + x] = 240 - 24 + grain;
        }
      }
    };
    expect(watch(20, () => [panel])).toEqual([]);
  });

  it('is nothing where nothing is written, or where the picture never stands', () => {
    expect(watch(20, () => [])).toEqual([]);
    expect(watch(20, (t) => [restless(0, 0, width, height, t)])).toEqual([]);
  });

  it('is not a speaker in full screen between two slides', () => {
    const speaker = (t: number) => [box(0, 0, width, height, 90), restless(120, 30, 220, height - 30, t)];
    const slides = watch(36, (t) => (t < 12 ? rain : t < 24 ? speaker(t) : river));
    expect(rounded(slides)).toEqual([[[0, 12]], [[24, 36]]]);
  });
});

describe('what a hand holds', () => {
  const screen = [box(0, 0, width, height, 60), box(30, 12, width - 60, height - 40, 235)];

  it('is found as if it stood', () => {
    const slides = watch(40, (t) => [...screen, ...(t < 20 ? rain : river), held(t, 4)]);
    expect(rounded(slides)).toEqual([[[0, 20]], [[20, 40]]]);
  });

  it('is one page when it comes back', () => {
    const slides = watch(60, (t) => [...screen, ...(t >= 20 && t < 40 ? river : rain), held(t, 4)]);
    expect(rounded(slides)).toEqual([
      [
        [0, 20],
        [40, 60],
      ],
      [[20, 40]],
    ]);
  });

  it('is not what is pushed into the picture', () => {
    const slides = watch(30, (t) => {
      const beyond = Math.round(width * Math.min(1, Math.max(0, t - 12)));
      const right = (text: string, y: number) => words(text, y, { x: 40 + width - beyond });
      return beyond === 0
        ? rain
        : [
            words('Precipitation and what it is', 20, { x: 40 - beyond }),
            right('Rivers run down to the sea', 20),
            right('Water gathers in small streams', 90),
          ];
    });
    expect(rounded(slides)).toEqual([[[0, 13]], [[13, 30]]]);
  });
});

describe('one page with all that belongs to it', () => {
  it('is a slide that grows, pictured when it is complete', () => {
    const slides = watch(30, (t) => [
      ...rain,
      ...(t < 10 ? [] : [snow]),
      ...(t < 20 ? [] : [words('End', 200)]),
    ]);
    expect(rounded(slides)).toEqual([[[0, 30]]]);
    expect(slides[0]?.frameTime).toBeGreaterThan(20);
  });

  it('is a slide that comes back, with the times of both', () => {
    const slides = watch(36, (t) => (t >= 12 && t < 24 ? river : rain));
    expect(rounded(slides)).toEqual([
      [
        [0, 12],
        [24, 36],
      ],
      [[12, 24]],
    ]);
  });

  it('is a slide that was left before it was complete', () => {
    const slides = watch(36, (t) => (t >= 12 && t < 24 ? river : t < 24 ? rain : [...rain, snow]));
    expect(rounded(slides)).toEqual([
      [
        [0, 12],
        [24, 36],
      ],
      [[12, 24]],
    ]);
    expect(slides[0]?.frameTime).toBeGreaterThan(24);
  });

  it('is a slide that is drawn on, over bars, with ink nearly as bright as its ground', () => {
    const bars = [box(100, 130, 60, 100, 90), box(200, 130, 60, 100, 120)];
    const ink = [box(80, 150, 200, 3, 212), box(80, 190, 240, 3, 212)];
    expect(rounded(watch(24, (t) => [...rain, ...bars, ...(t < 12 ? [] : ink)]))).toEqual([[[0, 24]]]);
  });

  it('is a slide on whose words a pointer comes to rest, once that has been seen elsewhere', () => {
    const lines = [rain, snow, words('and none of it for long', 180)].flat();
    const stops = [
      [300, 200],
      [380, 160],
      [60, 210],
      [420, 60],
      [120, 70],
      [76, 20],
    ] as const;
    const slides = watch(36, (t) => {
      const [x, y] = stops[Math.floor(t / 4) % stops.length] ?? [0, 0];
      return [...(t < 18 ? lines.slice(0, 3) : lines), arrow(x, y)];
    });
    expect(rounded(slides)).toEqual([[[0, 36]]]);
  });

  it('is a slide that grows where a pointer rested', () => {
    const bars = (t: number) => (t < 12 ? [arrow(120, 150)] : [box(100, 158, 40, 60, 120), arrow(300, 200)]);
    expect(rounded(watch(24, (t) => [...rain, ...bars(t)]))).toEqual([[[0, 24]]]);
  });

  it('is a slide whose lines are greyed while others are told of', () => {
    const dim = [
      words('Precipitation and what it is', 20),
      words('Droplets join and fall as rain', 70, { grey: 150 }),
    ];
    expect(rounded(watch(20, (t) => (t < 10 ? rain : [...dim, snow])))).toEqual([[[0, 20]]]);
  });

  it.each<[string, (t: number) => Paint[]]>([
    ['a head in its corner', (t) => [restless(width - 112, height - 96, 96, 84, t)]],
    ['a clip in it', (t) => [restless(260, 130, 160, 100, t)]],
    [
      'a pointer that wanders and rests',
      (t) => [box(60 + (Math.floor(t / 4) % 5) * 70, 140 + Math.floor(t / 6) * 9, 6, 9, 60)],
    ],
    [
      'a bright dot',
      (t) => [box(Math.round(200 + 120 * Math.sin(t)), Math.round(130 + 50 * Math.cos(t)), 5, 5, 255)],
    ],
    [
      'a lamp that is dimmed',
      (t) => [(frame) => frame.forEach((grey, at) => (frame[at] = grey - Math.min(24, t)))],
    ],
  ])('is a slide with %s', (_what, more) => {
    expect(rounded(watch(24, (t) => [...rain, ...more(t)]))).toEqual([[[0, 24]]]);
  });

  it('is a slide that fades in', () => {
    const fading = (t: number) => [
      ...rain,
      box(0, 0, 0, 0, 0),
      (frame: Uint8Array) => {
        const share = Math.min(1, Math.max(0, t - 12));
        const next = new Uint8Array(frame.length).fill(240);
        for (const paint of river) paint(next);
        frame.forEach((grey, at) => (frame[at] = Math.round(grey * (1 - share) + (next[at] ?? 0) * share)));
      },
    ];
    const slides = watch(24, fading);
    expect(slides).toHaveLength(2);
    const [first, second] = slides.map(({ ranges }) => ranges[0]);
    expect(first?.end).toBeGreaterThan(11.5);
    expect(first?.end).toBeLessThan(13.5);
    expect(second?.start).toBe(first?.end);
  });

  it('is a slide below which captions come and go', () => {
    const said = [
      'so this is',
      'how it works',
      'and now look',
      'at the rain',
      'that falls',
      'here and there',
    ];
    const caption = (t: number) =>
      words(said[Math.floor(t / 3) % said.length] ?? '', height - 24, { x: 160, grey: 0 });
    expect(rounded(watch(36, (t) => [...rain, caption(t)]))).toEqual([[[0, 36]]]);
  });
});

it('captions that go on while a slide grows are not part of it', () => {
  const said = ['so this is', 'how it works', 'and now look', 'at the rain'];
  const caption = (t: number) =>
    words(said[Math.floor(t / 2) % said.length] ?? '', height - 24, { x: 160, grey: 0 });
  const grown = ['first of all', 'then as well', 'and besides', 'at the end'];
  const lines = (t: number) =>
    grown.slice(0, Math.floor(t / 6)).map((line, n) => words(line, 120 + 26 * n, { x: 60 }));
  expect(rounded(watch(36, (t) => [...rain, ...lines(t), caption(t)]))).toEqual([[[0, 36]]]);
});

describe('one page, however the recording shows it', () => {
  const table = [...rain, snow, words('Clouds are made of little drops', 160), words('Ice', 200)];
  const speaker = (t: number) => restless(10, 90, 110, 100, t);

  it('is a slide that makes room for the speaker, and is pictured where it is large', () => {
    const slides = watch(36, (t) =>
      t < 12 || t >= 24 ? table : [...table, shrunk(0.7, 140, 20), speaker(t)],
    );
    expect(rounded(slides)).toEqual([[[0, 36]]]);
    expect(slides[0]?.frameTime).toBeGreaterThan(24);
  });

  it('is pictured where it is large also when it ends small', () => {
    const slides = watch(30, (t) => (t < 15 ? table : [...table, shrunk(0.7, 140, 20), speaker(t)]));
    expect(rounded(slides)).toEqual([[[0, 30]]]);
    expect(slides[0]?.frameTime).toBeLessThan(15);
  });

  it('is not another slide beside the speaker', () => {
    const slides = watch(30, (t) => (t < 15 ? table : [...river, shrunk(0.7, 140, 20), speaker(t)]));
    expect(rounded(slides)).toEqual([[[0, 15]], [[15, 30]]]);
  });

  it('is a slide over which a camera is switched on, with a wall that stands', () => {
    const below = [words('of all the water', 142, { x: 294 }), words('in the whole sky', 230, { x: 294 })];
    const shelf = (x: number) => [0, 1, 2, 3, 4].map((row) => box(x, 140 + 22 * row, 16, 12, 30));
    const wall = [box(290, 120, 190, 150, 150), ...shelf(296), ...shelf(330)];
    const camera = (t: number) => [...wall, restless(380, 130, 90, 130, t)];
    const slides = watch(36, (t) => [...table, ...below, ...(t < 12 || t >= 24 ? [] : camera(t))]);
    expect(rounded(slides)).toEqual([[[0, 36]]]);
  });

  it('is a slide with a clock that ticks in its corner', () => {
    const clock = (t: number) => words(String(1041 + Math.floor((t + 45) / 60)), height - 14, { x: 440 });
    expect(rounded(watch(40, (t) => [...table, clock(t)]))).toEqual([[[0, 40]]]);
  });

  it('is a slide with a clock that tells the minutes anywhere', () => {
    const clock = (t: number) => words(String(1041 + Math.floor((t + 45) / 60)), 220, { x: 300 });
    expect(rounded(watch(90, (t) => [...table, clock(t)]))).toEqual([[[0, 90]]]);
  });
});

describe('a video too short to tell', () => {
  it.each([0, 0.25, 1])('of %p seconds has no slide', (seconds) => {
    expect(watch(seconds, () => rain)).toEqual([]);
  });

  it('of two seconds has its one slide', () => {
    expect(rounded(watch(2, () => rain))).toEqual([[[0, 2]]]);
  });
});
