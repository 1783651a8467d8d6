export { DataInUseError } from './data-lock.ts';
export { freePort } from './free-port.ts';
export { type Server, type ServerOptions, startPostgres } from './postgres.ts';
export { startRedis } from './redis.ts';
