import type { Server } from 'node:http';
import type { Agent } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createDatabase, createPool } from '@mediaworks/database';
import { startDispatcher } from '@mediaworks/jobs';
import { createMetrics, errorFields, type Logger, serveHealth, startTelemetry } from '@mediaworks/runtime';
import { loadStore } from '@mediaworks/storage';
import { createApp } from './app.ts';
import { createAudit } from './audit.ts';
import type { GatewayDeps } from './deps.ts';
import type { GatewayEnv, GivenEnv } from './env.ts';
import { createExpressServer } from './express-server.ts';
import { connectFirebase } from '@mediaworks/firebase';
import { gatewayChecks, measureOpenJobs } from './health.ts';
import { choresOfTheHouse } from './nightly/chores-of-the-house.ts';
import { startNightly } from './nightly/start-nightly.ts';
import { type AccessLog, createAccessLog, readableAccessLog } from './observe.ts';
import { startOutlets } from './outlets/start-outlets.ts';

export interface Gateway {
  /** Where it listens. */
  url: string;
  /** What it works with, for those who run inside it. */
  deps: GatewayDeps;
  /** Lets what is under way end, for at most `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/** A connection that says nothing for this long is closed; uploads and streams may otherwise last. */
const IDLE_MS = 120_000;

/**
 * @param outside.httpAgent how Google is reached, where that is not directly
 */
export async function startGateway(
  given: GivenEnv,
  log: Logger,
  outside: { httpAgent?: Agent } = {},
): Promise<Gateway> {
  const firebase = connectFirebase(given, outside.httpAgent);
  const telemetry = await startTelemetry('gateway', given.OTEL_EXPORTER_OTLP_ENDPOINT);
  const openStore = await loadStore(given);
  const { server, serve } = createExpressServer({ requestTimeout: 0, keepAliveTimeout: 65_000 });
  server.setTimeout(IDLE_MS);
  server.listen(given.PORT, given.HOST);
  await once(server, 'listening');
  // Nothing is read from a connection before this turn of the event loop is over, and by then the app is there.
  const url = addressOf(server, given.HOST);
  const env: GatewayEnv = { ...given, PUBLIC_URL: given.PUBLIC_URL ?? url };

  const pool = createPool(env.DATABASE_URL, {
    max: env.DATABASE_POOL,
    applicationName: 'gateway',
    onIdleError: (error) => log.warn('a database connection broke', errorFields(error)),
  });
  const db = createDatabase(pool, { prepare: env.DATABASE_PREPARE });
  const metrics = createMetrics('gateway');
  const store = openStore(env);
  const dispatcher = startDispatcher({
    db,
    connection: {
      redisUrl: env.REDIS_URL,
      prefix: env.QUEUE_PREFIX,
      traced: env.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined,
    },
    sweepIntervalMs: env.SWEEP_INTERVAL,
    log,
  });
  const closing = new AbortController();
  const deps: GatewayDeps = {
    db,
    dispatcher,
    store,
    env,
    log,
    metrics,
    audit: createAudit(db),
    firebase,
    closing: closing.signal,
  };
  measureOpenJobs(deps);
  const accessLog = accessLogFor(env, log);
  serve(createApp(deps, accessLog));
  const health =
    env.METRICS_PORT === undefined
      ? undefined
      : await serveHealth({
          port: env.METRICS_PORT,
          host: env.HOST,
          checks: gatewayChecks(deps).needed,
          metrics,
        });
  const nightly = startNightly({ db, log, hour: env.MEDIA_CLEANUP_HOUR }, choresOfTheHouse(deps));
  const outlets = startOutlets(deps);
  log.info('listening', { url });

  return {
    url,
    deps,
    stop: async (graceMs) => {
      health?.drain();
      closing.abort();
      await closeServer(server, graceMs);
      await nightly.stop();
      await outlets.stop(Math.min(graceMs, 5_000));
      await dispatcher.stop();
      await firebase?.close();
      accessLog?.flush();
      health?.stop();
      await pool.end();
      await telemetry.stop();
    },
  };
}

function addressOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo;
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

function accessLogFor(env: GatewayEnv, log: Logger): AccessLog | undefined {
  if (!env.ACCESS_LOG || env.LOG_LEVEL === 'warn' || env.LOG_LEVEL === 'error') return undefined;
  if (env.LOG_FORMAT === 'pretty') return readableAccessLog(log);
  return createAccessLog('gateway', (lines) => void process.stdout.write(lines));
}

/** Takes no more connections, lets requests end, and closes each connection when it has nothing to do. */
async function closeServer(server: Server, graceMs: number): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const limit = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(limit);
}
