import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';
import { nodeOptions } from './child.ts';

/** A program that is given its orders one a line, as JSON, and answers each with a line when it is done. */
export interface LineProgram {
  readonly pid: number;
  ask(order: unknown): Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts such a program; the first line that it says means that it is ready.
 * @throws Error when it ends by itself, here or while it is asked
 */
export async function startLineProgram(
  file: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<LineProgram> {
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const hear = async (): Promise<string> => {
    const early = ended.then(() => Promise.reject(new Error(`${file} ${args.join(' ')} ended by itself`)));
    const [line] = (await Promise.race([once(lines, 'line'), early])) as [string];
    return line;
  };
  await hear();
  return {
    pid: child.pid ?? 0,
    ask: (order) => {
      child.stdin.write(`${JSON.stringify(order)}\n`);
      return hear();
    },
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

/** The same for a script of ours, given by its URL. */
export function startLineScript(
  script: URL,
  args: readonly string[] = [],
  { env = {}, v8Options = [] }: { env?: NodeJS.ProcessEnv; v8Options?: readonly string[] } = {},
): Promise<LineProgram> {
  const nodeArgs = [...nodeOptions(), ...v8Options, fileURLToPath(script), ...args];
  return startLineProgram(process.execPath, nodeArgs, { env });
}
