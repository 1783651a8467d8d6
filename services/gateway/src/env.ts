import { duration, flag, jobsEnv, list, processEnv, readEnv } from '@mediaworks/runtime';
import { storageEnv } from '@mediaworks/storage';
import { keeperEnv, keeperProblems } from '@mediaworks/tiktok-keeper';
import { z } from 'zod';
import { authEnv, authProblems } from './auth/env.ts';
import { gatewayFirebaseEnv } from './firebase/env.ts';
import { harvestEnv } from './harvest/env.ts';
import { lectureEnv } from './lectures/env.ts';
import { mediaEnv } from './media/env.ts';
import { photoEnv } from './photos/env.ts';

/** `on`, `off`, a number of proxies in front, or their addresses. */
const proxies = z.string().transform((text) => {
  if (text === 'on' || text === 'true') return true;
  if (text === 'off' || text === 'false') return false;
  return /^\d+$/.test(text) ? Number(text) : text;
});

const gatewayEnv = {
  PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  HOST: z.string().default('127.0.0.1'),
  /** How clients reach the gateway; in every absolute address that it answers. */
  PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional(),
  /** Origins that browsers may call from; `*` is any. */
  ALLOWED_ORIGINS: list.default([]),
  /** Requests a minute, per caller or else per address. */
  RATE_LIMIT: z.coerce.number().int().positive().default(1_200),
  TRUST_PROXY: proxies.default(false),
  METRICS_PORT: z.coerce.number().int().min(1).max(65_535).optional(),
  ACCESS_LOG: flag.default(true),
  /** How long a signed address opens. */
  LINK_LIFETIME: duration.default(3_600_000),
};

const shape = {
  ...processEnv,
  ...jobsEnv,
  ...storageEnv,
  ...mediaEnv,
  ...lectureEnv,
  ...harvestEnv,
  ...keeperEnv,
  ...photoEnv,
  ...authEnv,
  ...gatewayFirebaseEnv,
  ...gatewayEnv,
};

/** As it is configured. */
export type GivenEnv = z.infer<z.ZodObject<typeof shape>>;
/** With the address that the gateway turned out to have, where none was configured. */
export type GatewayEnv = GivenEnv & { PUBLIC_URL: string };

/**
 * Reads the gateway's configuration, once.
 * @throws Error listing what is wrong, never the values
 */
export function readGatewayEnv(source?: NodeJS.ProcessEnv): GivenEnv {
  const env = readEnv(shape, source);
  const problems = [...authProblems(env), ...keeperProblems(env)];
  if (problems.length > 0) throw new Error(`The configuration is wrong:\n  ${problems.join('\n  ')}`);
  return env;
}
