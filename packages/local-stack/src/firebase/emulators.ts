import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findOnPath } from '@mediaworks/runtime';
import { type Child, startChild } from '../child.ts';
import { freePort } from '../free-port.ts';
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

/** Firebase's own storage emulator, without its rules, which need Java: for those who come as administrators. */
export const startStorageEmulator = (projectId: string): Promise<Emulator> =>
  startEmulator('storage', projectId);

async function startEmulator(...args: string[]): Promise<Emulator> {
  const child = startChild({
    file: process.execPath,
    args: [...sourceNodeArgs, workspacePath(MAIN), ...args],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TMPDIR: process.env['TMPDIR'] },
    stopSignal: 'SIGTERM',
  });
  const port = await said(child, /^listening (\d+)$/);
  return { host: `127.0.0.1:${port}`, stop: () => child.stop(1_000) };
}

/** Below the folder that gcloud is installed in. */
const OFFICIAL = 'platform/cloud-firestore-emulator/cloud-firestore-emulator.jar';
/** It lives for minutes: the compiler for years would take more of the processors than it ever gives back. */
const JAVA_OPTIONS = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Duser.language=en'];
const OFFICIAL_MAIN = 'com.google.cloud.datastore.emulator.firestore.CloudFirestore';
const GCLOUD_HOMES = ['/usr/lib/google-cloud-sdk', '/usr/share/google-cloud-sdk'];

/**
 * The truest Firestore that this machine has: one that runs already (FIRESTORE_EMULATOR_HOST), Google's own emulator, or
 * {@link startFirestoreEmulator}, which alone can not page (`pages`): it knows no order by id, and no cursor.
 */
export async function startBestFirestore(): Promise<Emulator & { pages: boolean }> {
  const given = process.env['FIRESTORE_EMULATOR_HOST'];
  if (given !== undefined && given !== '') return { host: given, pages: true, stop: () => Promise.resolve() };
  const official = officialFirestore();
  if (official === undefined) return { ...(await startFirestoreEmulator()), pages: false };
  const port = await freePort();
  const child = startChild({
    file: official.java,
    args: [...JAVA_OPTIONS, '-cp', official.jar, OFFICIAL_MAIN, '--host=127.0.0.1', `--port=${port}`],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
    stopSignal: 'SIGTERM',
  });
  await said(child, /(is now running)/);
  return { pages: true, host: `127.0.0.1:${port}`, stop: () => child.stop(1_000) };
}

/** Started without the script around it, which would leave Java running if it were killed itself. */
function officialFirestore(): { java: string; jar: string } | undefined {
  const java = findOnPath('java');
  if (java === undefined) return undefined;
  const gcloud = findOnPath('gcloud');
  const homes = [...(gcloud === undefined ? [] : [dirname(dirname(gcloud))]), ...GCLOUD_HOMES];
  const jar = homes.map((home) => join(home, OFFICIAL)).find((path) => existsSync(path));
  return jar === undefined ? undefined : { java, jar };
}

/** Resolves with what the pattern finds in a line that the program says. @throws Error when it ends before that */
function said(child: Child, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    child.onLine((line) => {
      const found = pattern.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    void child.ended.then((how) => reject(new Error(`the emulator ended (${how}):\n${child.tail()}`)));
  });
}
