import { countOpenJobs } from '@mediaworks/jobs';
import { checkReadiness, errorFields, Gauge, type HealthChecks, type Readiness } from '@mediaworks/runtime';
import { Router } from 'express';
import { createFirebaseState } from './firebase/state.ts';
import type { GatewayDeps } from './deps.ts';
import { sendJson } from './respond.ts';
import { findYtdlpWords } from './tiktok/queries.ts';

/** Redis is not among what must be up: without it work is accepted all the same, and told to the queue later. */
export function gatewayChecks(deps: GatewayDeps): { needed: HealthChecks; all: HealthChecks } {
  const { database } = deps.dispatcher.checks;
  const needed: HealthChecks = {
    ...(database ? { database } : {}),
    storage: () => deps.store.check(),
  };
  return { needed, all: { ...deps.dispatcher.checks, ...needed } };
}

/** `/healthz` (alive), `/readyz` (can accept work) and the seeds' `/health`; `/metrics` where it has no port of its own. */
export function healthRouter(deps: GatewayDeps): Router {
  const checks = gatewayChecks(deps);
  const firebaseState = createFirebaseState(deps);
  const router = Router();
  router.get('/healthz', (_req, res) => sendJson(res, 200, { status: 'ok' }));
  router.get('/readyz', async (_req, res) => {
    const readiness = deps.closing.aborted
      ? { ready: false, checks: { process: 'stopping' } }
      : withoutNeed(await checkReadiness(checks.all), Object.keys(checks.needed));
    sendJson(res, readiness.ready ? 200 : 503, readiness);
  });
  router.get('/health', async (_req, res) => {
    const { ready, checks: states } = withoutNeed(
      await checkReadiness(checks.all),
      Object.keys(checks.needed),
    );
    const ytdlp = await findYtdlpWords(deps.db).catch(() => undefined);
    const say = (name: string) => (states[name] === 'ok' ? 'connected' : 'unavailable');
    const whole = Object.values(states).every((state) => state === 'ok');
    sendJson(res, ready ? 200 : 503, {
      service: 'mediaworks',
      status: whole ? 'healthy' : ready ? 'degraded' : 'unhealthy',
      database: say('database'),
      storage: say('storage'),
      queue: say('queue'),
      firebase: firebaseState(),
      // What the TikTok ingesters fetch with: its version, and that it is too old when it is.
      ytdlp: ytdlp ?? 'no ingester runs',
      timestamp: new Date().toISOString(),
    });
  });
  if (deps.env.METRICS_PORT === undefined) {
    router.get('/metrics', async (_req, res) => {
      const text = await deps.metrics.metrics();
      res.writeHead(200, { 'Content-Type': deps.metrics.contentType, 'Cache-Control': 'no-store' }).end(text);
    });
  }
  return router;
}

function withoutNeed(readiness: Readiness, needed: readonly string[]): Readiness {
  return { ready: needed.every((name) => readiness.checks[name] === 'ok'), checks: readiness.checks };
}

/** Counts what is queued and processing each time it is asked: what a scaler goes by. */
export function measureOpenJobs(deps: Pick<GatewayDeps, 'db' | 'metrics' | 'log'>): void {
  new Gauge({
    name: 'mediaworks_open_jobs',
    help: 'Jobs that are not terminal, by queue, type and status',
    labelNames: ['queue', 'type', 'status'],
    registers: [deps.metrics],
    async collect() {
      // Without Postgres there is no count: a stale one would have a scaler act on it.
      this.reset();
      try {
        for (const { queue, type, status, jobs } of await countOpenJobs(deps.db)) {
          this.set({ queue, type, status }, jobs);
        }
      } catch (error) {
        deps.log.warn('could not count open jobs', errorFields(error));
      }
    },
  });
}
