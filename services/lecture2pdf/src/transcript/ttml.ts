import { decodeXML } from 'entities';
import { tidyLines } from './clean-text.ts';
import { languageTag } from './language.ts';
import { seconds } from './subtitle-time.ts';
import type { RawCue, RawSubtitles } from './timed-lines.ts';

interface Element {
  readonly name: string;
  /** Seconds from the beginning of the file; children count from here. */
  readonly begin: number;
  readonly end: number | null;
  /** What is written between its tags; undefined where text means nothing. */
  readonly text: string[] | undefined;
  /** Inside the head or metadata, which say nothing aloud. */
  readonly silent: boolean;
}

interface Clock {
  readonly frameRate: number;
  readonly tickRate: number;
}

const MOST_DEPTH = 200;

/** Reads TTML (DFXP, SMPTE-TT, IMSC, EBU-TT-D): its paragraphs, and the spans in them that have a time of their own. */
export function readTtml(xml: string): RawSubtitles {
  const cues: RawCue[] = [];
  const stack: Element[] = [];
  let clock: Clock = { frameRate: 30, tickRate: 1 };
  let language: string | null = null;

  const open = (name: string, attributes: ReadonlyMap<string, string>) => {
    const parent = stack.at(-1);
    if (name === 'tt') {
      clock = clockOf(attributes);
      language ??= languageTag(attributes.get('lang'));
    }
    if (name === 'br') parent?.text?.push('\n');
    const from = parent?.begin ?? 0;
    const begin = ttmlSeconds(attributes.get('begin'), clock);
    const length = ttmlSeconds(attributes.get('dur'), clock);
    const until = ttmlSeconds(attributes.get('end'), clock);
    const start = from + (begin ?? 0);
    const end = until !== undefined ? from + until : length !== undefined ? start + length : null;
    const timed = begin !== undefined || until !== undefined || length !== undefined;
    const silent = parent?.silent === true || name === 'head' || name === 'metadata';
    const isCue = name === 'p' || (name === 'span' && timed && parent?.text !== undefined);
    const text = silent ? undefined : isCue ? [] : parent?.text;
    stack.push({ name, begin: start, end: end ?? parent?.end ?? null, text, silent });
  };

  const close = (name: string) => {
    // A tag that was never opened closes nothing; one that was closes what was forgotten inside it.
    const at = stack.findLastIndex((element) => element.name === name);
    if (at === -1) return;
    for (const element of stack.splice(at).reverse()) {
      const outside = stack.at(-1)?.text;
      if (element.text === undefined || element.text === outside || !/^(?:p|span)$/.test(element.name))
        continue;
      const text = tidyLines(element.text.join(''));
      if (text !== '') cues.push({ start: element.begin, end: element.end, text });
    }
  };

  for (const token of tokens(xml)) {
    if (token.kind === 'text') stack.at(-1)?.text?.push(token.text.replace(/\s+/g, ' '));
    else if (token.kind === 'close') close(token.name);
    else if (stack.length < MOST_DEPTH) {
      open(token.name, token.attributes);
      if (token.empty) close(token.name);
    }
  }
  close(stack[0]?.name ?? '');
  return { cues, language };
}

function clockOf(attributes: ReadonlyMap<string, string>): Clock {
  const [times = 1, per = 1] = (attributes.get('frameratemultiplier') ?? '').split(/[ :]/).map(Number);
  const rate = positive(Number(attributes.get('framerate')), 30);
  const frameRate = rate * positive(times / per, 1);
  return { frameRate, tickRate: positive(Number(attributes.get('tickrate')), 1) };
}

function positive(value: number, otherwise: number): number {
  return Number.isFinite(value) && value > 0 ? value : otherwise;
}

/** Seconds of `00:00:01.5`, `00:00:01:12` (frames), `1.5s`, `90f`, `1000t`, `2m`, `1h`, `250ms`. */
function ttmlSeconds(text: string | undefined, clock: Clock): number | undefined {
  if (text === undefined) return undefined;
  const [, value, unit = ''] = /^\s{0,9}(\d{1,15}(?:\.\d{1,9})?)(h|ms|m|s|f|t)\s{0,9}$/.exec(text) ?? [];
  if (value !== undefined) {
    const units = { h: 3600, m: 60, s: 1, ms: 0.001, f: 1 / clock.frameRate, t: 1 / clock.tickRate };
    return Number(value) * units[unit as keyof typeof units];
  }
  const [, whole, frames] = /^\s{0,9}(\d{1,6}:\d{1,2}:\d{1,2}):(\d{1,4})/.exec(text) ?? [];
  const atFrame = seconds(whole ?? '');
  return atFrame === undefined ? seconds(text) : atFrame + Number(frames) / clock.frameRate;
}

type Token =
  | { kind: 'text'; text: string }
  | { kind: 'close'; name: string }
  | { kind: 'open'; name: string; attributes: ReadonlyMap<string, string>; empty: boolean };

/** XML in one pass, without namespaces and without anything that a document type declares. */
function* tokens(xml: string): Generator<Token> {
  let at = 0;
  while (at < xml.length) {
    const open = xml.indexOf('<', at);
    if (open !== at) yield { kind: 'text', text: decodeXML(xml.slice(at, open === -1 ? xml.length : open)) };
    if (open === -1) return;
    const [opening, closing] =
      delimiters.find(([start]) => xml.startsWith(start, open)) ?? (['<', '>'] as const);
    const end = xml.indexOf(closing, open + opening.length);
    const inside = xml.slice(open + opening.length, end === -1 ? xml.length : end);
    if (opening === '<![CDATA[') yield { kind: 'text', text: inside };
    if (opening === '<') yield tagToken(inside);
    if (end === -1) return;
    at = end + closing.length;
  }
}

const delimiters = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<?', '?>'],
  ['<!', '>'],
] as const;

function tagToken(inside: string): Token {
  const name = localName(/^\/?\s{0,9}([^\s/]{1,200})/.exec(inside)?.[1] ?? '');
  if (inside.startsWith('/')) return { kind: 'close', name };
  const attributes = new Map<string, string>();
  for (const [, key = '', double, single] of inside.matchAll(
    /([\w:.-]{1,100})\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)')/g,
  )) {
    attributes.set(localName(key), decodeXML(double ?? single ?? ''));
  }
  return { kind: 'open', name, attributes, empty: inside.endsWith('/') };
}

function localName(name: string): string {
  return name.slice(name.lastIndexOf(':') + 1).toLowerCase();
}
