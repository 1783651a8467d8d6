import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { errorCode, fetchToFile } from '@mediaworks/runtime';
import type { ModelFile } from './model-set.ts';

export interface ModelFileOptions {
  /** The folder of files that come from no package. */
  readonly modelDir?: string | undefined;
  /** Hosts in private networks that files may be fetched from. */
  readonly allow?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

const MAX_BYTES = 512 * 2 ** 20;

/**
 * The bytes of a model, verified. A file that is not in MODEL_DIR yet is fetched there from its URL, where it has one.
 * @throws Error that says which file is missing or is another than was meant; what `fetchToFile` throws
 */
export async function readModelFile(file: ModelFile, options: ModelFileOptions): Promise<Buffer> {
  const path =
    file.package === undefined ? inFolder(file, options) : inPackage(file.package, file.path ?? '');
  const found = await readFile(path).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  const bytes = found ?? (await fetchInto(path, file, options));
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (digest !== file.sha256) throw new Error(`${path} has the sha256 ${digest}, not ${file.sha256}`);
  return bytes;
}

function inFolder({ name = '' }: ModelFile, { modelDir }: ModelFileOptions): string {
  if (modelDir === undefined)
    throw new Error(`The model set needs ${name}: MODEL_DIR is to say where it lies`);
  return join(modelDir, name);
}

function inPackage(name: string, path: string): string {
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    return join(dirname(manifest), path);
  } catch (error) {
    throw new Error(`The model set needs the npm package ${name}, which is not installed`, { cause: error });
  }
}

async function fetchInto(path: string, { url }: ModelFile, options: ModelFileOptions): Promise<Buffer> {
  if (url === undefined) throw new Error(`The model set needs ${path}, which is missing`);
  await mkdir(dirname(path), { recursive: true });
  // Several processes may fetch at once: each its own file, and whoever is last puts the same bytes there.
  const beside = `${path}.${process.pid}.part`;
  try {
    const signal = options.signal ?? new AbortController().signal;
    await fetchToFile(url, beside, { maxBytes: MAX_BYTES, signal, allow: options.allow ?? [] });
    const bytes = await readFile(beside);
    await rename(beside, path);
    return bytes;
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}
