export { type GivenEnv, readGatewayEnv } from './env.ts';
export { type Gateway, startGateway } from './start-gateway.ts';
