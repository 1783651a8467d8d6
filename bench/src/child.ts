import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createInterface, type Interface } from 'node:readline';

export interface Child {
  readonly pid: number;
  /** Ends it and waits until it is gone. */
  stop(): Promise<void>;
}

export interface ChildOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Resolves the start when it says a line with this in it. */
  ready: string;
}

export interface ScriptOptions extends ChildOptions {
  v8Options?: readonly string[];
}

const START_MS = 60_000;
const GRACE_MS = 15_000;
const TAIL_LINES = 15;

/**
 * Starts a program and waits until it says that it is ready. Answers that line too.
 * @throws Error with the end of what it said when it ends before that
 */
export async function startChild(
  file: string,
  args: readonly string[],
  { env = {}, cwd, ready }: ChildOptions,
): Promise<Child & { line: string }> {
  const child = spawn(file, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  const tail: string[] = [];
  const lines: Interface[] = [];
  let timer: NodeJS.Timeout | undefined;
  const onExit = () => child.kill('SIGKILL');
  process.once('exit', onExit);
  const line = await new Promise<string>((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`${file} ${args.join(' ')} ${why}:\n${tail.join('\n')}`));
    const hear = (text: string) => {
      tail.push(text);
      if (tail.length > TAIL_LINES) tail.shift();
      if (text.includes(ready)) resolve(text);
    };
    for (const input of [child.stdout, child.stderr]) lines.push(createInterface({ input }).on('line', hear));
    child.once('error', reject);
    child.once('exit', (code, signal) => fail(`ended (${signal ?? code})`));
    timer = setTimeout(() => {
      fail('was not ready in time');
      child.kill('SIGKILL');
    }, START_MS);
  }).finally(() => clearTimeout(timer));
  // What it says from now on is thrown away unread: splitting an access log into lines would cost what is measured.
  for (const reader of lines) reader.close();
  child.stdout.resume();
  child.stderr.resume();
  return {
    line,
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill('SIGTERM');
      const kill = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
      await ended;
      clearTimeout(kill);
      process.off('exit', onExit);
    },
  };
}

/** The same for a script of ours, given by its URL, in a Node of its own. */
export function startScript(
  script: URL,
  args: readonly string[],
  { v8Options = [], ...options }: ScriptOptions,
): Promise<Child & { line: string }> {
  return startChild(
    process.execPath,
    [...nodeOptions(), ...v8Options, fileURLToPath(script), ...args],
    options,
  );
}

/**
 * `BENCH_PROFILE=folder` writes a CPU profile of every Node process there; `BENCH_NODE_OPTIONS` goes to each of them as
 * it is, for what NODE_OPTIONS refuses.
 */
export function nodeOptions(): string[] {
  const { BENCH_PROFILE: folder = '', BENCH_NODE_OPTIONS: more = '' } = process.env;
  return [
    ...(folder === '' ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`]),
    ...more.split(' ').filter((option) => option !== ''),
  ];
}
