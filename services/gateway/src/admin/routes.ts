import { plainErrorShape } from '../api-error.ts';
import type { SignIn } from '../auth/sign-in.ts';
import type { RouteSet } from '../define-route.ts';
import type { GatewayDeps } from '../deps.ts';
import { adminRoutes } from './admin-routes.ts';
import { notificationRoutes } from './notification-routes.ts';
import { serverRoutes } from './server-routes.ts';
import { videoRoutes } from './video-routes.ts';

/** `/admin/*`: what administrators see and do. */
export function administrationRoutes(deps: GatewayDeps, signIn: SignIn): RouteSet {
  return {
    domain: 'admin',
    prefixes: ['/admin'],
    errorShape: plainErrorShape,
    routes: [
      ...videoRoutes(deps),
      ...serverRoutes(deps),
      ...adminRoutes(deps, signIn),
      ...notificationRoutes(deps),
    ],
  };
}
