import { setTimeout as wait } from 'node:timers/promises';
import { PermanentError, RetryAfterError, TransientError } from '@mediaworks/contracts';
import { list } from './env.ts';
import { PartialFile } from './partial-file.ts';
import { type AddressRules, parsePublicUrl } from './public-address.ts';
import { type Ask, askSafely, type SourceAnswer } from './safe-request.ts';

/** What every process that fetches strangers' addresses reads. */
export const safeFetchEnv = {
  /** `host` or `host:port` that may lie in private networks. */
  SAFE_FETCH_ALLOW: list.default([]),
};

export interface FetchToFileOptions extends AddressRules {
  /** Most bytes to take. */
  maxBytes: number;
  signal: AbortSignal;
  /**
   * Goes on with what an earlier call left in the file, and leaves it there when it fails in passing. Without it the
   * file must not exist, and is gone after any failure.
   */
  resume?: boolean;
  /** Bytes so far, and of all where the server says it; as they come. */
  onProgress?: (received: number, total: number | null) => void;
  /** Looks at the first bytes (4,100, or all where there are fewer) and throws what is not wanted. */
  check?: (head: Buffer) => Promise<void> | void;
  /** Pause before going on after a break, in ms, doubled with each one in a row; default 500. */
  pauseMs?: number;
  /** How long a server may say nothing, in ms; default 60,000. */
  silenceMs?: number;
}

export interface FetchedFile {
  /** Bytes. */
  size: number;
  /** Hex. */
  sha256: string;
  contentType: string | null;
  /** Where the redirects ended. */
  url: string;
}

const HEAD_BYTES = 4_100;
/** Breaks in a row that brought nothing new. */
const MAX_IDLE_BREAKS = 5;
/** Breaks at all: a server that gives a byte at a time is no source. */
const MAX_BREAKS = 200;
const PAUSE_MS = 500;
const SILENCE_MS = 60_000;
/** What is still worth waiting for with half a file in hand, in ms. */
const MAX_PAUSE_MS = 60_000;
const USER_AGENT = 'mediaworks';

/**
 * Fetches a stranger's address into a file: never from inside our own networks, whatever redirects and name servers
 * say; in bounded memory; going on where it broke off as long as the server can tell that the file is still the same
 * (RFC 9110, 13.1.5), and from the beginning otherwise.
 * @throws PermanentError `invalid_url`, `blocked_address`, `too_large`, `empty_file`, `source_not_found`,
 *   `source_forbidden`, `source_refused`, `source_untrusted`, `too_many_redirects`; what `check` throws
 * @throws TransientError `source_unreachable`, `source_busy`, `source_interrupted`; RetryAfterError `source_busy`
 * @throws the signal's reason
 */
export async function fetchToFile(
  url: string,
  path: string,
  options: FetchToFileOptions,
): Promise<FetchedFile> {
  const start = parsePublicUrl(url, options);
  options.signal.throwIfAborted();
  const partial = await PartialFile.open(path, start.href, options.resume === true);
  try {
    const ask = askSafely(options, options.silenceMs ?? SILENCE_MS);
    const last = await fetchAll(start, partial, ask, options);
    const sha256 = await partial.finish();
    return {
      size: partial.size,
      sha256,
      contentType: last.header('content-type') ?? null,
      url: last.url.href,
    };
  } catch (error) {
    await partial.leave(options.resume === true && mayPass(error, options.signal));
    options.signal.throwIfAborted();
    throw error;
  }
}

const mayPass = (error: unknown, signal: AbortSignal) =>
  signal.aborted || error instanceof TransientError || error instanceof RetryAfterError;

async function fetchAll(
  url: URL,
  partial: PartialFile,
  ask: Ask,
  options: FetchToFileOptions,
): Promise<SourceAnswer> {
  let furthest = partial.size;
  let idle = 0;
  for (let breaks = 1; ; breaks++) {
    try {
      return await fetchRest(url, partial, ask, options);
    } catch (error) {
      if (!mayPass(error, options.signal)) throw error;
      options.signal.throwIfAborted();
      idle = partial.size > furthest ? 1 : idle + 1;
      furthest = Math.max(furthest, partial.size);
      const told = error instanceof RetryAfterError ? error.delayMs : 0;
      // With nothing in hand, whoever called may as well wait and come back.
      if (partial.size === 0 || idle > MAX_IDLE_BREAKS || breaks > MAX_BREAKS || told > MAX_PAUSE_MS)
        throw error;
      const pause = (options.pauseMs ?? PAUSE_MS) * 2 ** (idle - 1);
      await wait(Math.min(Math.max(pause, told), MAX_PAUSE_MS), undefined, { signal: options.signal });
    }
  }
}

/** One request for all that is missing. */
async function fetchRest(
  url: URL,
  partial: PartialFile,
  ask: Ask,
  options: FetchToFileOptions,
): Promise<SourceAnswer> {
  if (partial.size > 0 && partial.validator === undefined) await partial.restart();
  const answer = await ask(url, headersFor(partial), options.signal);
  try {
    const total = await agreeOn(answer, partial);
    if (answer.status === 416) return answer;
    if (total !== null && total > options.maxBytes) throw tooLarge(options);
    let checked = partial.size >= HEAD_BYTES;
    const check = async () => {
      checked = true;
      await options.check?.(await partial.head(HEAD_BYTES));
    };
    for await (const chunk of answer.body) {
      if (partial.size + chunk.length > options.maxBytes) throw tooLarge(options);
      await partial.append(chunk);
      if (!checked && partial.size >= HEAD_BYTES) await check();
      options.onProgress?.(partial.size, total);
    }
    if (total !== null && partial.size !== total) throw interrupted();
    if (partial.size === 0) throw new PermanentError('empty_file', 'There is an empty file at the address');
    if (!checked) await check();
    return answer;
  } finally {
    answer.drop();
  }
}

function headersFor({ size, validator }: PartialFile): Record<string, string> {
  const always = { 'user-agent': USER_AGENT, accept: '*/*', 'accept-encoding': 'identity' };
  if (size === 0 || validator === undefined) return always;
  return { ...always, range: `bytes=${size}-`, 'if-range': validator };
}

/**
 * Makes the file stand where the answer begins. @returns bytes of all, or null where the server does not say
 */
async function agreeOn(answer: SourceAnswer, partial: PartialFile): Promise<number | null> {
  const range = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(answer.header('content-range') ?? '');
  const total = range?.[2] === undefined || range[2] === '*' ? null : Number(range[2]);
  if (answer.status === 416) {
    if (partial.size > 0 && total === partial.size) return total;
    await partial.restart();
    throw interrupted();
  }
  if (answer.status === 206) {
    if (partial.size > 0 && Number(range?.[1]) === partial.size) return total;
    await partial.restart();
    throw new PermanentError(
      'source_refused',
      'The server sent another part of the file than it was asked for',
    );
  }
  if (partial.size > 0) await partial.restart();
  const validator = validatorOf(answer);
  if (validator !== undefined) await partial.remember(validator);
  const length = answer.header('content-length');
  return length === undefined ? null : Number(length);
}

/** A strong entity tag, or a date that is too old for the file to have changed within its second (RFC 9110, 8.8.2.2). */
function validatorOf({ header }: SourceAnswer): string | undefined {
  const tag = header('etag');
  if (tag?.startsWith('"') === true) return tag;
  const modified = header('last-modified');
  const age = Date.parse(header('date') ?? '') - Date.parse(modified ?? '');
  return age >= 60_000 ? modified : undefined;
}

const tooLarge = ({ maxBytes }: FetchToFileOptions) =>
  new PermanentError('too_large', `The file is larger than ${maxBytes} bytes`);
const interrupted = () => new TransientError('source_interrupted', 'The server broke off in the middle');
