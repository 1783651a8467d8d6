import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { errorCode, findOnPath } from '@mediaworks/runtime';

export interface Command {
  file: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  cwd?: string;
  /** Written to its standard input, which is then closed; nothing there otherwise. */
  input?: string;
  /** What ends it cleanly. On Linux the kernel sends it too when this process dies, however it dies. */
  stopSignal: 'SIGINT' | 'SIGTERM';
  /** As whom it runs; this process's own user by default. */
  user?: RunAs | undefined;
}

/** Another user, by setpriv's flags, or by ids where the system has no setpriv. */
export type RunAs = { setprivFlags: readonly string[] } | { uid: number; gid: number };

export interface Child {
  readonly pid: number;
  /** Settles when the process has ended: `code 1`, `SIGKILL`. Never rejects. */
  readonly ended: Promise<string>;
  /** The last lines it said. */
  tail(): string;
  /** Tells the listener each line that it says from now on. */
  onLine(listener: (line: string) => void): void;
  /** Sends the stop signal, and SIGKILL after `graceMs`; resolves when nothing of its process group is left. */
  stop(graceMs: number): Promise<void>;
}

const TAIL_LINES = 25;
const LAST_WORDS_MS = 500;

/** Where the kernel does not tell the children that we ended, we do, as far as we can. */
const running = new Map<number, NodeJS.Signals>();
process.on('exit', () => {
  for (const [pid, signal] of running) signalTo(pid, signal);
});

/** Starts a long-lived process in a group of its own, so that a terminal's Ctrl-C reaches us alone. */
export function startChild(command: Command, onLine?: (line: string) => void): Child {
  const [file, argv] = behindSetpriv(command);
  const ids = command.user && 'uid' in command.user ? command.user : {};
  const child = spawn(file, argv, {
    ...ids,
    cwd: command.cwd,
    env: command.env,
    stdio: 'pipe',
    detached: true,
  });
  // It may end before it has read what we wrote; how it ended says more than the broken pipe.
  child.stdin.on('error', () => undefined);
  child.stdin.end(command.input);

  const tail: string[] = [];
  const listeners = onLine ? [onLine] : [];
  const hear = (line: string) => {
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
    for (const listener of listeners) listener(line);
  };
  createInterface({ input: child.stdout }).on('line', hear);
  createInterface({ input: child.stderr }).on('line', hear);

  // Without one it could not be started at all, which `error` says.
  const pid = child.pid ?? 0;
  if (pid !== 0) running.set(pid, command.stopSignal);
  let over = false;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => {
      over = true;
      running.delete(pid);
      // What it started and left behind; later its number may be somebody else's.
      signalTo(-pid, 'SIGKILL');
      const how = signal ?? `code ${code}`;
      // Its last words are still in the pipes, which somebody of another group may hold open for longer.
      const timer = setTimeout(() => resolve(how), LAST_WORDS_MS);
      child.once('close', () => {
        clearTimeout(timer);
        resolve(how);
      });
    });
  });
  return {
    pid,
    ended,
    tail: () => tail.join('\n'),
    onLine: (listener) => void listeners.push(listener),
    async stop(graceMs) {
      if (over) return;
      signalTo(pid, command.stopSignal);
      const timer = setTimeout(() => signalTo(-pid, 'SIGKILL'), graceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

function behindSetpriv({ file, args, stopSignal, user }: Command): [string, string[]] {
  const setpriv = process.platform === 'linux' ? findOnPath('setpriv') : undefined;
  if (setpriv === undefined) return [file, [...args]];
  const flags = user && 'setprivFlags' in user ? user.setprivFlags : [];
  return [setpriv, ['--pdeathsig', stopSignal.slice('SIG'.length), ...flags, '--', file, ...args]];
}

/** Signals a process, or a group when negative; that it is gone already is fine. */
export function signalTo(pid: number, signal: NodeJS.Signals): void {
  if (pid === 0) return;
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!isErrno(error, 'ESRCH') && !isErrno(error, 'EPERM')) throw error;
  }
}

export function isErrno(error: unknown, code: string): boolean {
  return errorCode(error) === code;
}
