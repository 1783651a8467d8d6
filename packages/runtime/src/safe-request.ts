import { once } from 'node:events';
import { type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { PermanentError, RetryAfterError, TransientError } from '@mediaworks/contracts';
import { asError, errorCode } from './errors.ts';
import { type AddressRules, guardedLookup, isAllowed, parsePublicUrl } from './public-address.ts';
import { retryAfterMs } from './retry-after.ts';

/** A success: 200, or 206 and 416 to a request for a range. */
export interface SourceAnswer {
  status: number;
  url: URL;
  /** Lower-case name; the last of several. */
  header: (name: string) => string | undefined;
  /** Fails with {@link TransientError} alone, or the signal's reason. */
  body: AsyncIterable<Buffer>;
  /** Lets go of a body that is not read to its end. */
  drop: () => void;
}

/** @throws PermanentError, TransientError, RetryAfterError, the signal's reason */
export type Ask = (
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
) => Promise<SourceAnswer>;

const MAX_REDIRECTS = 5;
/** A certificate that no retry will mend. */
const BAD_CERTIFICATE = /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(VERIFY|GET_ISSUER))/;

/**
 * A client of strangers' servers: each connection and each redirect goes where the rules let it. It is node's own: of
 * the others, undici 7 ends the process (an assertion in a socket's event) when a server closes while we read slowly.
 * @param silenceMs how long a server may say nothing
 */
export function askSafely(rules: AddressRules, silenceMs: number): Ask {
  return async (start, headers, signal) => {
    let url = start;
    for (let hops = 0; ; hops++) {
      // A connection is not kept for a next time: there is none.
      const options = { headers, signal, agent: false, timeout: silenceMs };
      const lookup = isAllowed(url, rules) ? {} : { lookup: guardedLookup(rules) };
      const answer = await askOnce(url, { ...options, ...lookup }, signal);
      const status = answer.statusCode ?? 0;
      const header = (name: string) => [answer.headers[name]].flat().at(-1);
      const drop = () => void answer.on('error', () => undefined).destroy();
      if (isSuccess(status)) return { status, url, header, body: told(answer, signal), drop };
      drop();
      const target = status >= 300 && status < 400 ? header('location') : undefined;
      if (target === undefined || !URL.canParse(target, url.href))
        throw refusal(status, header('retry-after'));
      if (hops === MAX_REDIRECTS)
        throw new PermanentError('too_many_redirects', 'The address redirects too often');
      url = parsePublicUrl(new URL(target, url), rules);
    }
  };
}

async function askOnce(url: URL, options: RequestOptions, signal: AbortSignal): Promise<IncomingMessage> {
  const req = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, options);
  // The same for an answer that has begun: its stream breaks with the socket.
  req.on('timeout', () => req.destroy(new Error('the server said nothing for too long')));
  try {
    const answered = once(req, 'response');
    // Whatever goes wrong later is the body's to tell.
    req.on('error', () => undefined).end();
    const [answer] = (await answered) as [IncomingMessage];
    return answer;
  } catch (error) {
    signal.throwIfAborted();
    throw asSourceError(error);
  }
}

const isSuccess = (status: number) => status === 200 || status === 206 || status === 416;

async function* told(body: IncomingMessage, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of body) yield chunk as Buffer;
  } catch (error) {
    signal.throwIfAborted();
    throw asSourceError(error);
  }
}

/** What the rules refused comes back out of the socket as it went in, or wrapped. */
function asSourceError(thrown: unknown): Error {
  for (let error: unknown = thrown; error !== undefined; error = asError(error).cause) {
    if (error instanceof PermanentError || error instanceof TransientError) return error;
    if (BAD_CERTIFICATE.test(errorCode(error) ?? ''))
      return new PermanentError('source_untrusted', 'The server could not prove who it is', {
        cause: thrown,
      });
  }
  return new TransientError('source_unreachable', 'The server can not be reached, or broke off', {
    cause: thrown,
  });
}

function refusal(status: number, retryAfter: string | undefined): Error {
  if (status === 404 || status === 410)
    return new PermanentError('source_not_found', `There is nothing at the address (HTTP ${status})`);
  if (status === 401 || status === 403)
    return new PermanentError('source_forbidden', `The server does not let us have it (HTTP ${status})`);
  const passes = status === 408 || status === 425 || status === 429 || status >= 500;
  if (!passes) return new PermanentError('source_refused', `The server answered with HTTP ${status}`);
  const message = `The server has no time for us (HTTP ${status})`;
  const delayMs = retryAfterMs(retryAfter);
  return delayMs === undefined
    ? new TransientError('source_busy', message)
    : new RetryAfterError(delayMs, 'source_busy', message);
}
