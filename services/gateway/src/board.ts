import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import type { Dispatcher } from '@mediaworks/jobs';
import { type RequestHandler, Router } from 'express';
import { z } from 'zod';
import { ApiError, unauthorized, unavailable } from './api-error.ts';
import type { Authenticator } from './auth/authenticate.ts';
import { contextOf, isAdmin } from './request-context.ts';
import { pageHeaders } from './security-headers.ts';

const PATH = '/queues';
const delivery = z.object({ id: z.string(), run: z.number() });

/**
 * Bull Board for admins, to look and not to touch: whatever changes a job goes through the ledger, so the board has no
 * button and takes no request that would. Of a job's data it shows which job and run it is, never the input.
 */
export function boardRouter(
  { queues, redis }: Pick<Dispatcher, 'queues' | 'redis'>,
  authenticator: Authenticator,
  authOff: boolean,
): Router {
  const adapter = new ExpressAdapter().setBasePath(PATH);
  createBullBoard({
    queues: [...queues.values()].map((queue) => {
      const shown = new BullMQAdapter(queue, { readOnlyMode: true });
      shown.setFormatter('data', (data) => delivery.safeParse(data).data ?? {});
      shown.setFormatter('returnValue', () => undefined);
      return shown;
    }),
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: 'Mediaworks', hideRedisDetails: true } },
  });
  // Its own handler answers with whatever the error says.
  adapter.setErrorHandler(() => ({ status: 500, body: { error: 'The queues can not be read now' } }));

  // BullMQ would wait for Redis for ever.
  const whileThere: RequestHandler = (_req, _res, next) => {
    if (redis.status !== 'ready') throw unavailable('queue');
    next();
  };
  const router = Router();
  router.use(
    PATH,
    pageHeaders,
    lookOnly,
    admit(authenticator, authOff),
    whileThere,
    adapter.getRouter() as RequestHandler,
  );
  return router;
}

const lookOnly: RequestHandler = (req, res, next) => {
  if (req.method !== 'GET' && req.method !== 'HEAD') {
    res.setHeader('Allow', 'GET, HEAD');
    throw new ApiError(405, 'method_not_allowed', 'The board is for looking; jobs are changed at /api/jobs');
  }
  next();
};

/** A browser asks for a name and a password: the token is the password, and any name will do. */
function admit(authenticator: Authenticator, authOff: boolean): RequestHandler {
  return async (req, _res, next) => {
    contextOf(req).route = PATH;
    const token = authOff ? undefined : passwordOf(req.headers.authorization);
    const enter = () => (token === undefined ? authenticator.authenticate(req) : authenticator.bearer(token));
    const principal = await challenge(enter);
    if (!isAdmin(principal)) throw new ApiError(403, 'forbidden', 'The board is for administrators alone');
    contextOf(req).principal = principal;
    next();
  };
}

/** Has the browser ask. */
async function challenge<T>(enter: () => T | Promise<T>): Promise<T> {
  try {
    return await enter();
  } catch (error) {
    if (error instanceof ApiError && error.status === 401)
      throw unauthorized(error.code, error.message, 'Basic');
    throw error;
  }
}

function passwordOf(header: string | undefined): string | undefined {
  const encoded = /^Basic\s+(\S+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString();
  return text.slice(text.indexOf(':') + 1);
}
