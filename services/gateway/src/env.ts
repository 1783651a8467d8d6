import { duration, flag, jobsEnv, list, processEnv, readEnv } from '@mediaworks/runtime';
import { storageEnv } from '@mediaworks/storage';
import { z } from 'zod';
import { mediaEnv } from './media/env.ts';

const MIN_SECRET_BYTES = 32;

/** `kid:secret,kid2:secret2`: the first signs, all verify, so that a key can be replaced without a gap. */
const keyRing = list
  .transform((items) =>
    items.map((item) => {
      const colon = item.indexOf(':');
      return { kid: item.slice(0, Math.max(0, colon)), secret: item.slice(colon + 1) };
    }),
  )
  .refine(
    (keys) => keys.every(({ kid }) => /^[A-Za-z0-9._-]{1,64}$/.test(kid)),
    'expected kid:secret,kid2:secret2',
  )
  .refine((keys) => new Set(keys.map(({ kid }) => kid)).size === keys.length, 'a key id is there twice')
  .refine(
    (keys) => keys.every(({ secret }) => Buffer.byteLength(secret) >= MIN_SECRET_BYTES),
    `every secret must have at least ${MIN_SECRET_BYTES} bytes`,
  );

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
  AUTH: flag.default(true),
  STATIC_BEARER_TOKEN: z.string().min(16).optional(),
  STATIC_BEARER_ROLE: z.enum(['user', 'admin', 'super_admin']).default('admin'),
  JWT_SECRETS: keyRing.default([]),
  JWT_ISSUER: z.string().default('mediaworks'),
  JWT_AUDIENCE: z.string().default('mediaworks'),
  /** E-mail addresses or uids. */
  SUPER_ADMINS: list.default([]),
  /** Domains that need no token. */
  OPEN_ROUTES: list.default([]),
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

const shape = { ...processEnv, ...jobsEnv, ...storageEnv, ...mediaEnv, ...gatewayEnv };

/** As it is configured. */
export type GivenEnv = z.infer<z.ZodObject<typeof shape>>;
/** With the address that the gateway turned out to have, where none was configured. */
export type GatewayEnv = GivenEnv & { PUBLIC_URL: string };

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/**
 * Reads the gateway's configuration, once.
 * @throws Error listing what is wrong, never the values
 */
export function readGatewayEnv(source?: NodeJS.ProcessEnv): GivenEnv {
  const env = readEnv(shape, source);
  if (!env.AUTH && !LOOPBACK.has(env.HOST)) {
    throw new Error(
      'The configuration is wrong:\n  AUTH: off is for a gateway that listens on loopback alone; see HOST',
    );
  }
  if (env.AUTH && env.STATIC_BEARER_TOKEN === undefined && env.JWT_SECRETS.length === 0) {
    throw new Error(
      'The configuration is wrong:\n  AUTH: nobody could sign in; set STATIC_BEARER_TOKEN or JWT_SECRETS',
    );
  }
  return env;
}
