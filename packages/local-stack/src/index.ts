export { DataInUseError } from './data-lock.ts';
export { freePort } from './free-port.ts';
export { type Server, type ServerOptions, startPostgres } from './postgres.ts';
export { startRedis } from './redis.ts';
export {
  faceV8Options,
  harvesterTuning,
  lectureTuning,
  nodeTuning,
  projectRoot,
  type ServiceDefinition,
  services,
  transcoderTuning,
} from './services.ts';
export { type Stack, type StackOptions, startStack } from './stack.ts';
export { aborted, listenForStop, StopRequestedError } from './stop-signals.ts';
export type { StackLog } from './supervisor.ts';
export { terminalLog } from './terminal-log.ts';
export { Client } from './demo/client.ts';
