import { createLog, giveHeapRoom, onShutdown } from '@mediaworks/runtime';
import { readGatewayEnv } from './env.ts';
import { startGateway } from './start-gateway.ts';

giveHeapRoom();
const env = readGatewayEnv();
const log = createLog('gateway', { level: env.LOG_LEVEL, format: env.LOG_FORMAT });
const gateway = await startGateway(env, log);
onShutdown(log, env.SHUTDOWN_GRACE, () => gateway.stop(env.SHUTDOWN_GRACE));
