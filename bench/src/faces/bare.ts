import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A process of its own that does the bare steps of photos. */
export interface Bare {
  /** Photos a second, over so many. */
  rate(photos: number): Promise<number>;
  stop(): void;
}

/** Starts one, ready and warm. @throws Error when it ends before it answers */
export async function startBare(paths: readonly string[]): Promise<Bare> {
  const child = fork(fileURLToPath(new URL('bare-main.js', import.meta.url)), [...paths]);
  await answerOf(child);
  return {
    rate: (photos) => {
      child.send(photos);
      return answerOf(child);
    },
    stop: () => void child.kill(),
  };
}

async function answerOf(child: ChildProcess): Promise<number> {
  const done = new AbortController();
  const { signal } = done;
  const ended = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`The bare process ended (${String(code)})`);
  });
  try {
    const [answer] = (await Promise.race([once(child, 'message', { signal }), ended])) as [number];
    return answer;
  } finally {
    done.abort();
    ended.catch(() => undefined);
  }
}
