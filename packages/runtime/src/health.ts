import { createServer } from 'node:http';
import type { Registry } from 'prom-client';

/** What a process needs to do its work; each rejects when it is not there. */
export type HealthChecks = Readonly<Record<string, () => Promise<void>>>;

export interface Readiness {
  ready: boolean;
  /** `ok` or what is wrong, by dependency; never an address or a secret. */
  checks: Record<string, string>;
}

const CHECK_TIMEOUT_MS = 2_000;

/** Asks every dependency at once, each for at most 2 s. */
export async function checkReadiness(checks: HealthChecks): Promise<Readiness> {
  const answers = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      const timeout = new Promise<never>((_resolve, reject) => {
        setTimeout(() => reject(new Error('timeout')), CHECK_TIMEOUT_MS).unref();
      });
      return Promise.race([check(), timeout]).then(
        () => [name, 'ok'] as const,
        (error: unknown) =>
          [name, error instanceof Error && error.message === 'timeout' ? 'timeout' : 'down'] as const,
      );
    }),
  );
  return { ready: answers.every(([, state]) => state === 'ok'), checks: Object.fromEntries(answers) };
}

/** Serves `/healthz` (alive), `/readyz` (dependencies) and `/metrics` for a process that has no HTTP of its own. */
export async function serveHealth(options: {
  port: number;
  host: string;
  checks: HealthChecks;
  metrics: Registry;
}): Promise<{ stop(): void; drain(): void }> {
  let draining = false;
  const server = createServer((request, response) => {
    const answer = async (): Promise<[number, string, string]> => {
      if (request.url === '/healthz') return [200, 'application/json', '{"status":"ok"}'];
      if (request.url === '/metrics')
        return [200, options.metrics.contentType, await options.metrics.metrics()];
      if (request.url !== '/readyz') return [404, 'application/json', '{"status":"not found"}'];
      const readiness = draining
        ? { ready: false, checks: { process: 'stopping' } }
        : await checkReadiness(options.checks);
      return [readiness.ready ? 200 : 503, 'application/json', JSON.stringify(readiness)];
    };
    answer().then(
      ([status, type, body]) => response.writeHead(status, { 'content-type': type }).end(body),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    drain: () => {
      draining = true;
    },
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
