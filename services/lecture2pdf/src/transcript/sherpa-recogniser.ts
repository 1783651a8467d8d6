import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { TransientError } from '@mediaworks/contracts';
import { exec, ExecError } from '@mediaworks/runtime';
import { readAsrModel } from './asr-model.ts';
import { tidyLines } from './clean-text.ts';
import type { Cue } from './cue.ts';
import { languageTag } from './language.ts';
import type { RecogniseOptions, Recognised, SpeechRecogniser } from './recogniser.ts';
import type { SherpaAnswer, SherpaTask } from './sherpa-config.ts';

export interface SherpaOptions {
  /** Threads of the model, at least 1; default 1. */
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** A module with the interface of sherpa-onnx-node, by its full path; by default that itself. */
  readonly engine?: string | undefined;
  /** How Node is told to run the recogniser's process; by default what the build made of recognise-main.ts. */
  readonly nodeArguments?: readonly string[] | undefined;
}

const PACKAGE = 'sherpa-onnx-node';

/**
 * Speech recognition by the model in this folder: verifies its files, then loads it once in a process of its own, so
 * that a worker with a model that does not work never starts. Nothing is ever fetched.
 * @param dir ASR_MODEL_DIR; see asr-model.ts for its manifest.
 * @throws Error that says what is wrong with the folder, the package or the model.
 */
export async function openSherpaRecogniser(
  dir: string,
  options: SherpaOptions = {},
): Promise<SpeechRecogniser> {
  const model = await readAsrModel(dir, options.signal);
  const engine = pathToFileURL(options.engine ?? enginePath()).href;
  const task: SherpaTask = { model, engine, threads: options.threads ?? 1, wav: null };
  const node = options.nodeArguments ?? [fileURLToPath(new URL('./recognise-main.js', import.meta.url))];
  await run(node, task, { signal: options.signal }).catch((error: unknown) => {
    if (!(error instanceof ExecError)) throw error;
    const said = error.stderr.trim().split('\n').slice(-5).join('\n');
    throw new Error(`The model in ${dir} cannot be loaded:\n${said}`, { cause: error });
  });

  return {
    model: model.name,
    async recognise(wav, { signal, onProgress }) {
      try {
        return withLanguage(await run(node, { ...task, wav }, { signal, onProgress }), model.language);
      } catch (error) {
        if (!(error instanceof ExecError)) throw error;
        throw new TransientError('recognition_failed', 'The speech could not be recognised', {
          cause: error,
        });
      }
    },
  };
}

function enginePath(): string {
  try {
    return createRequire(import.meta.url).resolve(PACKAGE);
  } catch (error) {
    throw new Error(`ASR_MODEL_DIR is set, and ${PACKAGE} is not installed: it is an optional dependency`, {
      cause: error,
    });
  }
}

interface Heard extends Cue {
  readonly language: string | null;
}

async function run(
  node: readonly string[],
  task: SherpaTask,
  options: { signal?: AbortSignal | undefined; onProgress?: RecogniseOptions['onProgress'] },
): Promise<Heard[]> {
  const heard: Heard[] = [];
  let done = false;
  const take = (line: string) => {
    const answer = parse(line);
    if (!answer) return;
    if ('progress' in answer) options.onProgress?.(answer.progress);
    else if ('done' in answer) done = true;
    else heard.push({ ...answer, text: tidyLines(answer.text), language: languageTag(answer.language) });
  };
  const { stderr } = await exec(process.execPath, [...node, JSON.stringify(task)], {
    ...(options.signal ? { signal: options.signal } : {}),
    onStdout: (stdout) => readLines(stdout, take),
  });
  // A damaged model makes the library end the process, and call that a success.
  if (!done) throw new ExecError(PACKAGE, 0, null, stderr);
  if (task.wav !== null) options.onProgress?.(100);
  return heard.filter(({ text }) => text !== '');
}

async function readLines(stdout: Readable, take: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stdout })) take(line);
}

/** Whatever the library itself says on the same pipe is no answer. */
function parse(line: string): SherpaAnswer | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as SherpaAnswer;
  } catch {
    return undefined;
  }
}

/** The language that is spoken longest, where the manifest does not say it. */
function withLanguage(heard: readonly Heard[], known: string | undefined): Recognised {
  const seconds = new Map<string, number>();
  for (const { language, start, end } of heard) {
    if (language !== null) seconds.set(language, (seconds.get(language) ?? 0) + end - start);
  }
  const [longest] = [...seconds].sort(([, a], [, b]) => b - a);
  const cues = heard.map(({ start, end, text }) => ({ start, end, text }));
  return { language: languageTag(known) ?? longest?.[0] ?? null, cues };
}
