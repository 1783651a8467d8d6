import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Readable } from 'node:stream';
import { asError, errorCode } from './errors.ts';

export interface ExecLimits {
  /** Address space of the process, in bytes. */
  memoryBytes?: number;
  /** Largest file it may write, in bytes; a longer one ends it with an error, not a silent cut. */
  fileBytes?: number;
  /** CPU time, in seconds. */
  cpuSeconds?: number;
}

export interface ExecOptions {
  /** Aborting kills the whole process group and rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Wall time, in ms. */
  timeoutMs?: number;
  cwd?: string;
  /** The child's whole environment; by default PATH, HOME and LANG alone, so that no secret leaks into it. */
  env?: NodeJS.ProcessEnv;
  /** Enforced where the system has prlimit (Linux); elsewhere only time is. */
  limits?: ExecLimits;
  /** Takes stdout as it comes and returns when it has read it; without it, stdout is collected. */
  onStdout?: (stdout: Readable) => Promise<void> | void;
  /** Each line of stderr as it comes. */
  onStderrLine?: (line: string) => void;
  /** Most stdout kept when it is collected, in bytes; default 16 MiB. */
  maxStdoutBytes?: number;
}

export interface ExecResult {
  stdout: Buffer;
  /** The last 16 KiB of stderr. */
  stderr: string;
}

/** The program ended badly: its exit code or signal, and the end of what it said. */
export class ExecError extends Error {
  override readonly name = 'ExecError';
  constructor(
    readonly program: string,
    readonly exitCode: number | null,
    readonly exitSignal: NodeJS.Signals | null,
    readonly stderr: string,
  ) {
    super(`${program} ended with ${exitSignal ?? `code ${exitCode}`}: ${lastLine(stderr)}`);
  }
}

/** The program ran past its wall time. */
export class ExecTimeoutError extends Error {
  override readonly name = 'ExecTimeoutError';
  constructor(
    readonly program: string,
    readonly timeoutMs: number,
  ) {
    super(`${program} took longer than ${timeoutMs} ms`);
  }
}

const STDERR_KEPT = 16 * 1024;
const KILL_AFTER_MS = 500;

/**
 * Runs a program: an argv array (no shell), its own process group, killed whole on abort and timeout
 * (SIGTERM, then SIGKILL after 500 ms), and, on Linux, killed by the kernel when this process dies.
 * Resolves only when the process has ended and its pipes are closed.
 * @throws ExecError | ExecTimeoutError | the abort signal's reason
 */
export async function exec(
  program: string,
  args: readonly string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  options.signal?.throwIfAborted();
  const [file, argv] = confine(program, args, options.limits ?? {});
  const child = spawn(file, argv, {
    cwd: options.cwd,
    env: options.env ?? pick(process.env, ['PATH', 'HOME', 'LANG']),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const ended = exitOf(child);
  let stopped: Error | undefined;
  const stop = (reason: Error) => {
    if (stopped) return;
    stopped = reason;
    killGroup(child.pid, 'SIGTERM');
    setTimeout(() => killGroup(child.pid, 'SIGKILL'), KILL_AFTER_MS).unref();
  };
  const onAbort = () => stop(asError(options.signal?.reason));
  options.signal?.addEventListener('abort', onAbort, { once: true });
  const timer =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(() => stop(new ExecTimeoutError(program, options.timeoutMs ?? 0)), options.timeoutMs);

  let stderr = '';
  let partial = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_KEPT);
    if (!options.onStderrLine) return;
    const lines = (partial + text).split(/\r\n|[\r\n]/);
    partial = (lines.pop() ?? '').slice(-STDERR_KEPT);
    for (const line of lines) options.onStderrLine(line);
  });

  const chunks: Buffer[] = [];
  const collect = () => {
    let size = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > (options.maxStdoutBytes ?? 16 * 2 ** 20)) stop(new Error(`${program} said too much`));
      else chunks.push(chunk);
    });
  };

  try {
    let reading = Promise.resolve();
    if (options.onStdout) {
      reading = Promise.resolve(options.onStdout(child.stdout)).catch((error: unknown) => {
        stop(asError(error));
      });
    } else {
      collect();
    }
    const [code, signal] = await ended;
    await reading;
    if (stopped) throw stopped;
    if (code !== 0) throw new ExecError(program, code, signal, stderr);
    return { stdout: Buffer.concat(chunks), stderr };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
    killGroup(child.pid, 'SIGKILL');
  }
}

type PipedChild = ChildProcessByStdio<null, Readable, Readable>;

function exitOf(child: PipedChild): Promise<[number | null, NodeJS.Signals | null]> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve([code, signal]));
  });
}

/** The group outlives its leader when a grandchild does: kill by group, and don't mind that it is gone. */
function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH' && errorCode(error) !== 'EPERM') throw error;
  }
}

const onPath = new Map<string, string | undefined>();

/** The full path of a program on PATH, or undefined. Looked up once a process. */
export function findOnPath(program: string): string | undefined {
  if (!onPath.has(program)) {
    const found = (process.env['PATH'] ?? '')
      .split(delimiter)
      .map((dir) => join(dir, program))
      .find(isExecutable);
    onPath.set(program, found);
  }
  return onPath.get(program);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Puts the program behind prlimit (limits) and setpriv (dies with its parent), where util-linux has them. */
function confine(program: string, args: readonly string[], limits: ExecLimits): [string, string[]] {
  const argv = [program, ...args];
  if (process.platform !== 'linux') return [program, [...args]];
  const setpriv = findOnPath('setpriv');
  if (setpriv) argv.unshift(setpriv, '--pdeathsig', 'KILL', '--');
  const prlimit = findOnPath('prlimit');
  const flags = [
    limits.memoryBytes === undefined ? '' : `--as=${limits.memoryBytes}`,
    limits.fileBytes === undefined ? '' : `--fsize=${limits.fileBytes}`,
    limits.cpuSeconds === undefined ? '' : `--cpu=${limits.cpuSeconds}`,
  ].filter((value) => value !== '');
  if (prlimit && flags.length > 0) argv.unshift(prlimit, ...flags, '--');
  return [argv[0] ?? program, argv.slice(1)];
}

function pick(env: NodeJS.ProcessEnv, names: string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(names.map((name) => [name, env[name]]));
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)?.slice(0, 500) ?? '';
}
