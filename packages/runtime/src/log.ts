import { types } from 'node:util';
import winston from 'winston';

export type LogFields = Record<string, unknown>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log with these fields on every line. */
  child(fields: LogFields): Logger;
}

/** An error's name, code, message and stack as plain fields: safe to log, never to answer with. */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error) && !types.isNativeError(error)) return { error: String(error) };
  const code = 'code' in error ? error.code : undefined;
  return {
    error: error.message,
    error_name: error.name,
    ...(code === undefined ? {} : { error_code: code }),
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: errorFields(error.cause) }),
  };
}

const pretty = winston.format.printf(({ timestamp, level, message, service: _service, ...fields }) => {
  const rest = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) =>
      key === 'stack'
        ? `\n${String(value)}`
        : ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    );
  return `${String(timestamp)} ${level} ${String(message)}${rest.join('')}`;
});

/**
 * One JSON (or readable) line an event, on stdout. What belongs on each line of some work is given by `child`: a context
 * that follows every promise by itself would cost each of them.
 */
export function createLog(
  service: string,
  options: { level?: string; format?: 'json' | 'pretty' } = {},
): Logger {
  const logger = winston.createLogger({
    level: options.level ?? 'info',
    defaultMeta: { service },
    format: winston.format.combine(
      winston.format.timestamp(),
      options.format === 'pretty' ? pretty : winston.format.json(),
    ),
    transports: [new winston.transports.Console()],
  });
  return wrap(logger);
}

function wrap(logger: winston.Logger): Logger {
  return {
    debug: (message, fields) => void logger.debug(message, fields),
    info: (message, fields) => void logger.info(message, fields),
    warn: (message, fields) => void logger.warn(message, fields),
    error: (message, fields) => void logger.error(message, fields),
    child: (fields) => wrap(logger.child(fields)),
  };
}
