import { existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { type Child, startChild } from './child.ts';
import { freePort } from './free-port.ts';
import { type Kept, keepRunning } from './keep-running.ts';
import type { ServiceDefinition } from './services.ts';

/** A line of output and the service or server that said it. */
export type StackLog = (source: string, line: string) => void;

export interface ServiceOptions {
  service: ServiceDefinition;
  /** The service's whole environment, but for its port. */
  env: NodeJS.ProcessEnv;
  /** Default: a free one, another each time it starts. */
  port?: number | undefined;
  /** How long it may take to end before it is killed, in ms. */
  graceMs: number;
  log: StackLog;
  signal?: AbortSignal | undefined;
}

const READY_TIMEOUT_MS = 60_000;
const READY_POLL_MS = 50;
const READY_ASK_MS = 5_000;

/**
 * Runs a service as its own process, waits until its `/readyz` answers 200, and starts it again when it crashes.
 *
 * @throws Error with the end of its log when it can't be started
 */
export async function superviseService(options: ServiceOptions): Promise<Kept> {
  const { service, log } = options;
  if (!existsSync(service.entry)) {
    throw new Error(`${service.name} is not built: there is no ${service.entry}. npm start builds it.`);
  }
  const hear = (line: string) => log(service.name, line);
  const ports = new WeakMap<Child, number>();
  return keepRunning({
    name: service.name,
    launch: async () => {
      const port = options.port ?? (await freePort());
      const child = startChild(
        {
          file: process.execPath,
          args: [...(service.v8Options ?? []), '--enable-source-maps', service.entry],
          env: { ...options.env, [service.portVariable]: String(port) },
          stopSignal: 'SIGTERM',
        },
        hear,
      );
      ports.set(child, port);
      return child;
    },
    ready: (child, signal) => answersReady(`http://127.0.0.1:${ports.get(child)}/readyz`, signal),
    readyTimeoutMs: READY_TIMEOUT_MS,
    graceMs: options.graceMs,
    startTries: 3,
    log: hear,
    signal: options.signal,
  });
}

/** Resolves when the address answers 200. @throws when the signal aborts first */
async function answersReady(url: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const asking = AbortSignal.any([signal, AbortSignal.timeout(READY_ASK_MS)]);
    const ready = await fetch(url, { signal: asking }).then(
      async (response) => {
        await response.body?.cancel();
        return response.status === 200;
      },
      () => false,
    );
    if (ready) return;
    await wait(READY_POLL_MS, undefined, { signal });
  }
}
