import type { Arrangement } from './arrangement.ts';
import type { SetName, Span } from './sets.ts';
import type { TransitionStyle } from './transitions.ts';

export type Overlay =
  | 'head'
  | 'roaming-head'
  | 'switched-head'
  | 'laser'
  | 'mouse'
  | 'captions'
  | 'live-captions'
  | 'participants'
  | 'walker'
  | 'hand'
  | 'clock'
  | 'timer'
  | 'particles';

/** What makes a kind of lecture difficult; what is left out is drawn as in an easy one. */
export interface Recipe {
  /** Different slides; default 6. None: somebody talks. */
  readonly slides?: number;
  /** How bullets come one by one. `dim` greys those before. */
  readonly builds?: 'appear' | 'fade' | 'dim';
  /** The lecturer goes back to earlier slides. */
  readonly revisits?: boolean;
  /** Those between flash by on the way. */
  readonly seeking?: boolean;
  /** The picture is black for a while in the middle of a slide. */
  readonly blackouts?: boolean;
  /** Slides that differ from the one before in one number or one word. */
  readonly near?: boolean;
  /** `moving`: the set's wipes and pushes. Default: cuts. */
  readonly transitions?: readonly (TransitionStyle | 'moving')[];
  readonly overlays?: readonly Overlay[];
  /** In the slides themselves. */
  readonly within?: 'clip' | 'gif' | 'ink';
  /** Where the slide lies in the frame. */
  readonly place?: 'bars' | 'side' | 'room' | 'hand' | 'sheet';
  /** The camera's exposure follows what it sees, and lamps flicker. */
  readonly exposure?: boolean;
  /** What the recording makes of the slide's size. */
  readonly arrangement?: Arrangement;
  /** No slides but a document that is scrolled. */
  readonly scrolled?: boolean;
  /** A full-screen speaker between slides. */
  readonly speaker?: boolean;
  /** Slides are written stroke by stroke or letter by letter. */
  readonly written?: 'by-hand' | 'typed';
  /** Seconds between two steps of a build, instead of the set's. */
  readonly buildEvery?: Span;
  /** Black before the first slide and after the last. */
  readonly leader?: boolean;
  readonly size?: Record<SetName, readonly [width: number, height: number]>;
  /** Frames a second, as ffmpeg reads it. */
  readonly rate?: string;
  readonly variableRate?: boolean;
  readonly rotate?: 90;
  /** Two fields a frame, each with every other line, half a frame apart. */
  readonly interlaced?: boolean;
  /** Seconds for which slides are shown, instead of the set's. */
  readonly shown?: Span;
  readonly crf?: number;
  readonly bitrate?: number;
  /** What is said is in a text track of the file. */
  readonly textTrack?: boolean;
  /** As most uploads are encoded, and as costly to decode; the others are encoded in a hurry. */
  readonly thorough?: boolean;
  /** One slide for that many seconds, and nothing else. */
  readonly still?: number;
}

const both = (width: number, height: number) => ({
  train: [width, height] as const,
  'held-out': [width, height] as const,
});
const mixture: Recipe = {
  revisits: true,
  builds: 'fade',
  near: true,
  speaker: true,
  transitions: ['cut', 'cut', 'fade', 'dip', 'moving'],
};

const fullHd: Recipe = {
  slides: 8,
  builds: 'fade',
  revisits: true,
  transitions: ['fade'],
  overlays: ['head'],
  thorough: true,
  size: both(1920, 1080),
};

const named = {
  'hard-cuts': { slides: 9 },
  builds: { slides: 4, builds: 'appear' },
  'builds-fade': { slides: 4, builds: 'fade' },
  'builds-dim': { slides: 4, builds: 'dim' },
  revisits: { slides: 5, revisits: true },
  'near-identical': { slides: 7, near: true },
  head: { slides: 6, overlays: ['head'] },
  'head-builds-revisits': { slides: 4, builds: 'fade', revisits: true, overlays: ['head'] },
  'head-near': { slides: 6, near: true, overlays: ['head'] },
  'head-beside': { slides: 6, place: 'side', overlays: ['head'] },
  'head-roaming': { slides: 6, overlays: ['roaming-head'] },
  clip: { slides: 5, within: 'clip' },
  ink: { slides: 5, within: 'ink' },
  laser: { slides: 6, overlays: ['laser'] },
  mouse: { slides: 6, overlays: ['mouse'] },
  captions: { slides: 6, overlays: ['captions'] },
  room: { slides: 6, place: 'room' },
  'room-walker': { slides: 6, place: 'room', overlays: ['walker'] },
  'room-hand': { slides: 6, place: 'hand' },
  'room-near': { slides: 6, place: 'room', near: true },
  'room-builds': { slides: 4, place: 'room', builds: 'appear', overlays: ['walker'] },
  typing: { slides: 3, written: 'typed', builds: 'appear', buildEvery: [0.15, 0.5] },
  board: { slides: 3, place: 'room', written: 'by-hand', builds: 'appear', overlays: ['walker'] },
  fades: { slides: 7, transitions: ['fade'] },
  'fades-near': { slides: 6, near: true, transitions: ['fade'] },
  'wipes-pushes': { slides: 7, transitions: ['moving'] },
  'fades-white': { slides: 7, transitions: ['white'] },
  blackouts: { slides: 6, blackouts: true, transitions: ['cut', 'fade'] },
  seeking: { slides: 7, revisits: true, seeking: true },
  gif: { slides: 5, within: 'gif', builds: 'appear' },
  participants: { slides: 6, place: 'side', overlays: ['participants'] },
  'live-captions': { slides: 5, builds: 'fade', overlays: ['live-captions'] },
  dips: { slides: 7, transitions: ['dip'], leader: true },
  bars: { slides: 7, place: 'bars' },
  'low-bitrate': { slides: 6, builds: 'fade', bitrate: 100_000 },
  'low-quality': { slides: 6, overlays: ['head'], crf: 38 },
  'low-quality-near': { slides: 6, near: true, crf: 38 },
  'fps-1': { slides: 7, rate: '1' },
  'fps-5': { slides: 6, rate: '5', builds: 'appear' },
  'fps-29.97': { slides: 6, rate: '30000/1001', transitions: ['fade'] },
  'fps-60': { slides: 5, rate: '60', overlays: ['mouse'], transitions: ['fade'] },
  'variable-rate': { slides: 6, builds: 'appear', variableRate: true, overlays: ['mouse'] },
  '240p': { slides: 6, builds: 'appear', size: { train: [426, 240], 'held-out': [320, 240] } },
  '4k': { slides: 5, rate: '5', builds: 'appear', size: { train: [3840, 2160], 'held-out': [3840, 2160] } },
  portrait: { slides: 6, builds: 'fade', size: { train: [480, 854], 'held-out': [540, 960] } },
  rotated: { slides: 6, rotate: 90, size: { train: [360, 640], 'held-out': [480, 640] } },
  scrolling: { slides: 7, scrolled: true, overlays: ['mouse'] },
  gallery: { slides: 5, arrangement: 'gallery', shown: [6, 14] },
  desk: { slides: 5, arrangement: 'desk', speaker: true, revisits: true, shown: [6, 14] },
  lens: { slides: 5, arrangement: 'lens', shown: [7, 16] },
  glides: { slides: 7, transitions: ['glide'] },
  interlaced: {
    slides: 6,
    rate: '50',
    interlaced: true,
    transitions: ['fade', 'moving'],
    overlays: ['head'],
  },
  'document-camera': {
    slides: 3,
    place: 'sheet',
    written: 'by-hand',
    builds: 'appear',
    transitions: ['push-left'],
    overlays: ['hand'],
  },
  clock: { slides: 6, rate: '5', shown: [20, 50], overlays: ['clock'] },
  timer: { slides: 6, builds: 'appear', overlays: ['timer'] },
  'head-off': { slides: 6, overlays: ['switched-head'] },
  'head-off-builds': { slides: 4, builds: 'appear', revisits: true, overlays: ['switched-head'] },
  exposure: { slides: 7, place: 'room', exposure: true },
  'room-low-bitrate': { slides: 6, place: 'room', bitrate: 150_000, overlays: ['walker'] },
  particles: { slides: 6, builds: 'fade', overlays: ['particles'] },
  'speaker-between': { slides: 5, speaker: true, revisits: true, overlays: ['head'] },
  'no-slides': { slides: 0, still: 30 },
  still: { slides: 1, still: 20 },
  demo: {
    slides: 9,
    builds: 'fade',
    revisits: true,
    transitions: ['fade'],
    overlays: ['head'],
    textTrack: true,
    size: both(1280, 720),
    rate: '25',
  },
  'full-hd': { ...fullHd, rate: '30' },
  'full-hd-10': { ...fullHd, rate: '10' },
  mixed: { ...mixture, slides: 16, overlays: ['head', 'mouse'], within: 'ink' },
  'mixed-long': {
    ...mixture,
    slides: 42,
    overlays: ['head', 'laser', 'captions'],
    rate: '15',
    size: both(640, 360),
  },
} satisfies Record<string, Recipe>;

export type Kind = keyof typeof named;
export const recipes: Record<Kind, Recipe> = named;
export const kinds = Object.keys(recipes) as Kind[];
export const isKind = (name: string): name is Kind => name in recipes;
