import type { Dispatcher, Executor } from '@mediaworks/jobs';
import type { Logger, Registry } from '@mediaworks/runtime';
import type { ObjectStore } from '@mediaworks/storage';
import type { Audit } from './audit.ts';
import type { GatewayEnv } from './env.ts';
import type { Firebase } from '@mediaworks/firebase';

/** What every domain of the gateway works with. */
export interface GatewayDeps {
  db: Executor;
  dispatcher: Dispatcher;
  store: ObjectStore;
  env: GatewayEnv;
  log: Logger;
  metrics: Registry;
  audit: Audit;
  /** Undefined where no project is configured. */
  firebase: Firebase | undefined;
  /** Aborts when the gateway is about to stop: what stays open for long ends then. */
  closing: AbortSignal;
}
