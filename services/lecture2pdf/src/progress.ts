import type { JobContext } from '@mediaworks/jobs';

/** Where each stage ends, in percent of the whole, by what it takes of a typical lecture. */
const ends = {
  'fetching the video': 5,
  'looking for slides': 60,
  'taking pictures of the slides': 67,
  'reading the slides': 85,
  'finding the words': 92,
  'writing the PDF': 98,
  publishing: 100,
} as const;

export type StageName = keyof typeof ends;
const names = Object.keys(ends) as StageName[];

/** How a stage tells its own percents, 0–100, as a part of the whole. */
export function progressOf(ctx: Pick<JobContext, 'progress'>, name: StageName): (percent: number) => void {
  const before = names[names.indexOf(name) - 1];
  const start = before === undefined ? 1 : ends[before];
  const tell = (percent: number) => ctx.progress(start + ((ends[name] - start) * percent) / 100, name);
  tell(0);
  return tell;
}
