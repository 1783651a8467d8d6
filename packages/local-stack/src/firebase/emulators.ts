import { startChild } from '../child.ts';
import { sourceNodeArgs, workspacePath } from '../testing.ts';

export interface Emulator {
  /** `host:port`, as FIREBASE_AUTH_EMULATOR_HOST and FIRESTORE_EMULATOR_HOST take it. */
  host: string;
  stop(): Promise<void>;
}

const MAIN = 'packages/local-stack/src/testing/firebase-emulator-main.ts';

/** Firebase's own auth emulator, which takes tokens without a signature: for tests alone. */
export const startAuthEmulator = (projectId: string): Promise<Emulator> => startEmulator('auth', projectId);

/** An emulator of Firestore. Its transactions do not keep each other out as the real ones do. */
export const startFirestoreEmulator = (): Promise<Emulator> => startEmulator('firestore');

async function startEmulator(...args: string[]): Promise<Emulator> {
  const child = startChild({
    file: process.execPath,
    args: [...sourceNodeArgs, workspacePath(MAIN), ...args],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
    stopSignal: 'SIGTERM',
  });
  const port = await new Promise<string>((resolve, reject) => {
    child.onLine((line) => {
      const found = /^listening (\d+)$/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    void child.ended.then((how) => reject(new Error(`the emulator ended (${how}):\n${child.tail()}`)));
  });
  return { host: `127.0.0.1:${port}`, stop: () => child.stop(1_000) };
}
