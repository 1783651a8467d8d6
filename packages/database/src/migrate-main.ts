import { createLog, errorFields, jobsEnv, processEnv, readEnv } from '@mediaworks/runtime';
import { migrate } from './migrate.ts';

/** Brings the database that DATABASE_URL names up to date and ends: what a deployment runs before its services. */
const env = readEnv({ ...processEnv, DATABASE_URL: jobsEnv.DATABASE_URL });
const log = createLog('migrate', { level: env.LOG_LEVEL, format: env.LOG_FORMAT });
try {
  const applied = await migrate(env.DATABASE_URL, { log: (message) => log.info(message) });
  log.info('the database is up to date', { applied: applied.length });
} catch (error) {
  log.error('the database could not be migrated', errorFields(error));
  process.exitCode = 1;
}
