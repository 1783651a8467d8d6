import { once } from 'node:events';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { freePort } from '../free-port.ts';

/**
 * One of Firebase's emulators, in a process of its own and without the Firebase CLI around it: `auth` is the official
 * one out of firebase-tools, `firestore` speaks Firestore's gRPC. Says `listening PORT`, and ends on SIGTERM.
 */
const require = createRequire(import.meta.url);
const [kind, projectId] = process.argv.slice(2);
const port = kind === 'firestore' ? await serveFirestore() : await serveAuth(projectId ?? '');
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
