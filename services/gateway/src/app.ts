import express, { type Express, type RequestHandler } from 'express';
import { errorFields } from '@mediaworks/runtime';
import { administrationRoutes } from './admin/routes.ts';
import { authRoutes } from './auth/routes.ts';
import { createSignIn, type SignIn } from './auth/sign-in.ts';
import { boardRouter } from './board.ts';
import { crossOrigin } from './cross-origin.ts';
import type { RouteSet } from './define-route.ts';
import type { GatewayDeps } from './deps.ts';
import { docsRouter } from './docs.ts';
import { fileAddresses } from './files/addresses.ts';
import { fileRoutes } from './files/routes.ts';
import { harvestRoutes } from './harvest/routes.ts';
import { healthRouter } from './health.ts';
import { createIngest } from './ingest.ts';
import { jobRoutes } from './jobs/routes.ts';
import { lectureRoutes } from './lectures/routes.ts';
import { mediaRoutes } from './media/routes.ts';
import { publicMedia } from './media/public-object.ts';
import { type Gate, mountRoutes } from './mount-routes.ts';
import { type AccessLog, createObserver } from './observe.ts';
import { describeApi } from './openapi.ts';
import { photoRoutes } from './photos/routes.ts';
import { createRateLimit } from './rate-limit.ts';
import { beginRequest } from './request-context.ts';
import { errorShapes, lastResort, notFound } from './respond.ts';
import { setApiHeaders } from './security-headers.ts';
import { tiktokRoutes } from './tiktok/routes.ts';
import { uploadRoutes } from './uploads/routes.ts';

/** Every domain that the gateway serves. A new one is a folder and a line here. */
function routeSets(deps: GatewayDeps, signIn: SignIn): readonly RouteSet[] {
  const addresses = fileAddresses(deps.store, deps.env);
  const ingest = createIngest(deps);
  return [
    // Express tries them one by one: what is asked for most comes first.
    jobRoutes(deps),
    mediaRoutes(deps, addresses, ingest.media),
    authRoutes(deps, signIn),
    administrationRoutes(deps, signIn),
    lectureRoutes(deps, addresses, ingest),
    tiktokRoutes(deps),
    uploadRoutes(deps, ingest),
    harvestRoutes(deps, addresses),
    photoRoutes(deps, addresses),
    fileRoutes(deps, [publicMedia(deps.db)]),
  ];
}

/** The whole of the HTTP side, ready to listen. */
export function createApp(deps: GatewayDeps, accessLog: AccessLog | undefined): Express {
  const { env, log } = deps;
  const signIn = createSignIn(deps);
  const { authenticator } = signIn;
  const sets = routeSets(deps, signIn);
  const gate: Gate = {
    authenticate: authenticator.authenticate,
    anonymous: authenticator.anonymous,
    limit: createRateLimit({
      perMinute: env.RATE_LIMIT,
      redis: deps.dispatcher.redis,
      prefix: env.QUEUE_PREFIX,
      log,
    }),
    openDomains: new Set(env.OPEN_ROUTES),
  };

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', env.TRUST_PROXY);
  app.set('query parser', 'simple');
  app.use(entrance(deps, accessLog));
  for (const set of sets) mountRoutes(app, set, gate);
  app.use(healthRouter(deps), docsRouter(describeApi(sets, env.PUBLIC_URL)));
  app.use(boardRouter(deps.dispatcher, authenticator, !env.AUTH));
  app.use(notFound, lastResort(log, errorShapes(sets)));

  // The first request should not be the one that waits for connections and finds out what is wrong.
  deps.store.check().catch((error: unknown) => log.warn('the store is away', errorFields(error)));
  return app;
}

/** What happens to every request first; as one function, since express asks each of its own whether it is meant. */
function entrance({ metrics, env }: GatewayDeps, accessLog: AccessLog | undefined): RequestHandler {
  const observe = createObserver({ metrics, accessLog });
  const allowOrigins = crossOrigin(env.ALLOWED_ORIGINS);
  return (req, res, next) => {
    const context = beginRequest(req, res);
    observe(req, res, context);
    setApiHeaders(res);
    allowOrigins(req, res, next);
  };
}
