import { tmpdir } from 'node:os';
import { z } from 'zod';

/** `on|off|true|false|1|0` as a boolean. */
export const flag = z
  .enum(['on', 'off', 'true', 'false', '1', '0'])
  .transform((value) => value === 'on' || value === 'true' || value === '1');

/** `2s`, `500ms`, `5m`, `1h`, `7d` or a bare number of milliseconds, as milliseconds. */
export const duration = z
  .string()
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d)?$/, 'expected a duration such as 500ms, 15s, 5m, 1h or 7d')
  .transform((text) => {
    const unit = /[a-z]+$/.exec(text)?.[0] ?? 'ms';
    const factor = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit] ?? 1;
    return Math.round(Number.parseFloat(text) * factor);
  });

/** `10MB`, `512kb`, `5GB` or a bare number of bytes, as bytes; 1 MB = 2^20 bytes. */
export const byteSize = z
  .string()
  .regex(/^\d+(\.\d+)?\s*([kmg]?b)?$/i, 'expected a size such as 512KB, 10MB or 5GB')
  .transform((text) => {
    const unit = /[kmg]?b$/i.exec(text)?.[0].toLowerCase() ?? 'b';
    const factor = { b: 1, kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30 }[unit] ?? 1;
    return Math.round(Number.parseFloat(text) * factor);
  });

/** A comma-separated list, trimmed, without empty items. */
export const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

/** What every process reads. */
export const processEnv = {
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  LOG_LEVEL: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
  LOG_FORMAT: z.enum(['json', 'pretty']).default('json'),
  TMP_ROOT: z.string().default(tmpdir()),
  SHUTDOWN_GRACE: duration.default(25_000),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
};

/** What every process that touches jobs reads. */
export const jobsEnv = {
  DATABASE_URL: z.string().min(1),
  DATABASE_POOL: z.coerce.number().int().min(1).max(200).default(10),
  /** Off behind a proxy that pools by transaction and knows no prepared statements. */
  DATABASE_PREPARE: flag.default(true),
  REDIS_URL: z.string().min(1),
  QUEUE_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/)
    .default('mediaworks'),
  LEASE: duration.default(15_000),
  SWEEP_INTERVAL: duration.default(2_000),
};

/**
 * Reads and checks the environment, once, at boot. An empty variable counts as absent.
 * @throws Error listing every variable that is wrong, never their values.
 */
export function readEnv<Shape extends z.ZodRawShape>(
  shape: Shape,
  source: NodeJS.ProcessEnv = process.env,
): z.infer<z.ZodObject<Shape>> {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''));
  const parsed = z.object(shape).safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`The configuration is wrong:\n${problems.join('\n')}`);
}
