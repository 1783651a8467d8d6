import type { BigIntStats } from 'node:fs';

/** What the file itself does not tell. */
export interface Details {
  /** In hex. */
  readonly sha256: string;
  readonly contentType: string;
}

/** Which file it is, and in which state. */
export type FileStats = Pick<BigIntStats, 'ino' | 'mtimeNs' | 'size'>;

/** Of the sidecar that a put with this id writes for the file of these stats. */
export function sidecarName(id: string, stats: FileStats, { sha256, contentType }: Details): string {
  const [name = '', put = ''] = id.split('.');
  return `${prefixOf(name, stats)}${put}.${sha256}.${contentType.replaceAll('/', ',')}`;
}

/** What the names of all sidecars begin with that describe the file of these stats under the key of this hash. */
export function prefixOf(name: string, { ino, mtimeNs, size }: FileStats): string {
  return `${name}.${ino}-${mtimeNs}-${size}.`;
}

/** undefined for a name that is none of ours. */
export function detailsIn(sidecar: string): Details | undefined {
  const [, , , sha256 = '', ...type] = sidecar.split('.');
  const contentType = type.join('.').replaceAll(',', '/');
  return /^[0-9a-f]{64}$/.test(sha256) && contentType !== '' ? { sha256, contentType } : undefined;
}

/** The id of the put that wrote a sidecar. */
export function idOf(sidecar: string): string {
  const [name = '', , put = ''] = sidecar.split('.');
  return `${name}.${put}`;
}
