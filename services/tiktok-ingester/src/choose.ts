import { createHash } from 'node:crypto';

/**
 * The first `most` of a list, or `most` of it by chance. A seed always picks the same of the same videos, in whatever
 * order they are listed: each has a place in a lottery that follows from the seed and its own number alone.
 */
export function chooseVideos(
  listed: readonly string[],
  choice: { most: number; random: boolean; seed: string },
): string[] {
  if (!choice.random) return listed.slice(0, choice.most);
  const lot = (id: string) => createHash('sha256').update(`${choice.seed}\n${id}`).digest('hex');
  return listed
    .map((id) => ({ id, lot: lot(id) }))
    .sort((a, b) => (a.lot < b.lot ? -1 : 1))
    .slice(0, choice.most)
    .map(({ id }) => id);
}
