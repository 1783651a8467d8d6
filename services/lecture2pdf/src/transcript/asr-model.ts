import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '@mediaworks/runtime';
import { z } from 'zod';

const path = z
  .string()
  .regex(
    /^[\w][\w .+-]*(?:\/[\w][\w .+-]*)*$/,
    'expected a path inside the folder, such as encoder.int8.onnx',
  );

const shared = {
  /** What the page and the lecture's manifest call the model. */
  name: z.string().min(1).max(100),
  /** BCP 47, for a model of one language or one that is to hear one; without it, the model tells. */
  language: z.string().min(2).max(35).optional(),
  /** Hex digests by path. Every file that is loaded is among them. */
  files: z.record(path, z.string().regex(/^[0-9a-f]{64}$/, 'expected a sha256 in hex')),
  /** Silero's voice activity detector. */
  vad: path,
  tokens: path,
};

/** `manifest.json` in ASR_MODEL_DIR. */
const asrManifest = z.discriminatedUnion('type', [
  z.object({ ...shared, type: z.literal('whisper'), encoder: path, decoder: path }),
  z
    .object({
      ...shared,
      type: z.literal('moonshine'),
      encoder: path,
      /** Of the second version. */
      merged_decoder: path.optional(),
      /** These three of the first. */
      preprocessor: path.optional(),
      uncached_decoder: path.optional(),
      cached_decoder: path.optional(),
    })
    .refine(
      (model) =>
        model.merged_decoder ?? (model.preprocessor && model.uncached_decoder && model.cached_decoder),
      'expected merged_decoder, or preprocessor, uncached_decoder and cached_decoder',
    ),
  z.object({
    ...shared,
    type: z.literal('transducer'),
    encoder: path,
    decoder: path,
    joiner: path,
    /** `transducer`, or `nemo_transducer` for Parakeet. */
    model_type: z.enum(['transducer', 'nemo_transducer']).default('transducer'),
  }),
]);
export type AsrManifest = z.infer<typeof asrManifest>;

/**
 * Reads the manifest of a folder with a model and verifies every file of it.
 * @returns the manifest with full paths in place of those inside the folder.
 * @throws Error that says what is wrong with the folder: no manifest, a file missing, another file than was meant.
 */
export async function readAsrModel(dir: string, signal?: AbortSignal): Promise<AsrManifest> {
  const manifest = await readManifest(dir);
  const used = Object.entries(manifest).filter(([role]) => roles.has(role)) as [string, string][];
  const unlisted = used.filter(([, file]) => !Object.hasOwn(manifest.files, file));
  const wrong = unlisted.map(([role, file]) => `${file} (${role}) is not in "files"`);
  for (const [file, expected] of Object.entries(manifest.files)) {
    const digest = await sha256(join(dir, file), signal);
    if (digest === undefined) wrong.push(`${file} is missing`);
    else if (digest !== expected) wrong.push(`${file} has the sha256 ${digest}, not ${expected}`);
  }
  if (wrong.length > 0)
    throw new Error(`The model in ${dir} is not the one of its manifest:\n  ${wrong.join('\n  ')}`);
  return { ...manifest, ...Object.fromEntries(used.map(([role, file]) => [role, join(dir, file)])) };
}

const roles = new Set([
  ...['vad', 'tokens', 'encoder', 'decoder', 'joiner'],
  ...['merged_decoder', 'preprocessor', 'uncached_decoder', 'cached_decoder'],
]);

async function readManifest(dir: string): Promise<AsrManifest> {
  const file = join(dir, 'manifest.json');
  const json = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Error(`There is no model: ${file} cannot be read (${errorCode(error) ?? 'unknown'})`, {
      cause: error,
    });
  });
  const parsed = asrManifest.safeParse(parseJson(json));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`${file} is wrong:\n${problems.join('\n')}`);
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** Undefined when there is no such file. */
async function sha256(file: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(file, signal && { signal })) hash.update(chunk as Buffer);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'EISDIR') return undefined;
    throw error;
  }
  return hash.digest('hex');
}
