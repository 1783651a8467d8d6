import { once } from 'node:events';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { freePort } from '../free-port.ts';

/**
 * One of Firebase's emulators, in a process of its own and without the Firebase CLI around it: `auth` and
 * `storage` are the official ones out of firebase-tools, `firestore` speaks Firestore's gRPC. Says `listening PORT`, and ends on SIGTERM.
 */
const require = createRequire(import.meta.url);
const [kind, projectId] = process.argv.slice(2);
const serve = { auth: serveAuth, firestore: serveFirestore, storage: serveStorage }[kind ?? ''];
if (!serve) throw new Error(`there is no emulator of ${kind}`);
const port = await serve(projectId ?? '');
process.stdout.write(`listening ${port}\n`);

async function serveAuth(project: string): Promise<number> {
  const { createApp } = require('firebase-tools/lib/emulator/auth/server') as {
    createApp: (project: string) => Promise<{ listen: (port: number, host: string) => Server }>;
  };
  const server = (await createApp(project)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function serveFirestore(): Promise<number> {
  const { FirestoreServer } = require('@firestore-emulator/server') as {
    FirestoreServer: new () => { start: (port: number) => Promise<void> };
  };
  const chosen = await freePort();
  await new FirestoreServer().start(chosen);
  return chosen;
}

/** Its rules are checked by a program in Java, which nobody asks who comes as an administrator. */
async function serveStorage(project: string): Promise<number> {
  const { StorageRulesRuntime } = require('firebase-tools/lib/emulator/storage/rules/runtime') as {
    StorageRulesRuntime: { prototype: Record<'start' | 'stop' | 'loadRuleset', unknown> };
  };
  Object.assign(StorageRulesRuntime.prototype, {
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    loadRuleset: () => Promise.resolve({ ruleset: undefined, issues: { all: [], exist: () => false } }),
  });
  const { StorageEmulator } = require('firebase-tools/lib/emulator/storage') as {
    StorageEmulator: new (options: unknown) => { start: () => Promise<void> };
  };
  const { EmulatorRegistry } = require('firebase-tools/lib/emulator/registry') as {
    EmulatorRegistry: { start: (emulator: unknown) => Promise<void> };
  };
  const chosen = await freePort();
  const rules = { name: 'none.rules', content: '' };
  const emulator = new StorageEmulator({ projectId: project, host: '127.0.0.1', port: chosen, rules });
  await EmulatorRegistry.start(emulator);
  return chosen;
}
