import { basename } from 'node:path';

const displayNames = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' });

/** A tag as containers and files write it (`eng`, `pt_BR`, `ger`) as BCP 47; null for none, unknown and nonsense. */
export function languageTag(tag: string | null | undefined): string | null {
  if (!tag || !/^[a-z]{2,3}(?:[-_][a-z0-9]{1,8}){0,4}$/i.test(tag)) return null;
  const [canonical = ''] = canonicalLocales(tag.replaceAll('_', '-'));
  return ['', 'und', 'mis', 'mul', 'zxx'].includes(canonical) ? null : canonical;
}

/** The language in a name such as `talk.en.srt` or `talk.pt-BR.vtt`, or null. */
export function languageInName(name: string | undefined): string | null {
  const parts = basename(name ?? '').split('.');
  if (parts.length < 3) return null;
  const language = languageTag(parts.at(-2));
  // Any three letters are some language: `talk.new.srt` is not in Newari.
  return language !== null && /^[a-z]{2}(?:-|$)/.test(language) && displayNames.of(language) !== undefined
    ? language
    : null;
}

function canonicalLocales(tag: string): string[] {
  try {
    return Intl.getCanonicalLocales(tag);
  } catch {
    return [];
  }
}
