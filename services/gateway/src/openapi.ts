import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import type { DocumentedResponse, Route, RouteSet } from './define-route.ts';

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string(),
    request_id: z.string(),
  })
  .loose()
  .meta({ id: 'Problem', description: 'RFC 9457, beside the fields that the clients of each domain know' });

const ERRORS: Readonly<Record<number, string>> = {
  400: 'Malformed',
  401: 'No token, or one that is not good',
  403: 'Not for this role',
  404: 'Not there, or not yours',
  409: 'Not as things stand',
  413: 'Too large',
  415: 'Not a supported format',
  416: 'No such range',
  422: 'Understood, and not possible',
  429: 'Too many requests; see Retry-After',
  500: 'Our fault',
  503: 'A dependency is down; see Retry-After',
};

export const SECURITY_SCHEME = 'bearer';

/** The OpenAPI 3.1 document of these routes, made from the schemas that they parse with. */
export function describeApi(sets: readonly RouteSet[], publicUrl: string): object {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', SECURITY_SCHEME, { type: 'http', scheme: 'bearer' });
  for (const set of sets) {
    for (const route of set.routes) registry.registerPath(describeRoute(set.domain, route));
  }
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Mediaworks',
      version: '0.1.0',
      description: 'One gateway to five media services. Addresses work with and without a slash at the end.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: publicUrl }],
  });
}

function describeRoute(domain: string, route: Route): RouteConfig {
  const body =
    route.rawBody ?? (route.body ? { contentType: 'application/json', schema: route.body } : undefined);
  const errors = [
    400,
    ...(route.access === 'public' ? [] : [401]),
    ...(route.access === 'public' || route.access === 'user' ? [] : [403]),
    ...(route.errors ?? []),
    ...(route.unlimited === true ? [] : [429]),
    500,
    503,
  ];
  return {
    method: route.method,
    path: route.path.replace(/[:*](\w+)/g, '{$1}'),
    operationId: `${route.method}_${route.path.replaceAll(/\W+/g, '_').replace(/^_/, '')}`,
    summary: route.summary,
    tags: [domain],
    ...(route.access === 'public' ? {} : { security: [{ [SECURITY_SCHEME]: [] }] }),
    request: {
      ...(isObject(route.params) ? { params: route.params } : {}),
      ...(isObject(route.query) ? { query: route.query } : {}),
      ...(route.idempotent === true
        ? { headers: z.object({ 'Idempotency-Key': z.string().max(255).optional() }) }
        : {}),
      ...(body ? { body: { content: { [body.contentType]: { schema: body.schema } } } } : {}),
    },
    responses: {
      ...Object.fromEntries(errors.map((status) => [status, problemResponse(status)])),
      ...Object.fromEntries(
        Object.entries(route.responses).map(([status, said]) => [status, response(said)]),
      ),
    },
  };
}

/** Parameters are described one by one, which takes an object. */
function isObject(schema: z.ZodType | undefined): schema is z.ZodObject {
  return schema instanceof z.ZodObject;
}

function response({ description, schema, contentType = 'application/json' }: DocumentedResponse) {
  return { description, ...(schema ? { content: { [contentType]: { schema } } } : {}) };
}

function problemResponse(status: number) {
  return {
    description: ERRORS[status] ?? 'Refused',
    content: { 'application/problem+json': { schema: problemSchema } },
  };
}
