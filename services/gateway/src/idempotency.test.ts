import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { insertJobs, newJob } from '@mediaworks/jobs';
import express from 'express';
import { z } from 'zod';
import { plainErrorShape } from './api-error.ts';
import { defineRoute, type RouteSet } from './define-route.ts';
import { claimKey, fingerprintOf, idempotencyKeyOf } from './idempotency.ts';
import { type Gate, mountRoutes } from './mount-routes.ts';
import { beginRequest, contextOf, principalOf } from './request-context.ts';
import { errorShapes, lastResort } from './respond.ts';
import { openGateway } from './testing/open-gateway.ts';

let gateway: Awaited<ReturnType<typeof openGateway>>;
let server: Server;
let url: string;

/** A route that makes jobs once a key, as those of the domains do, on the gateway's own database. */
beforeAll(async () => {
  gateway = await openGateway();
  const { db, log } = gateway.deps;
  const create = defineRoute({
    method: 'post',
    path: '/things',
    summary: 'Makes a thing',
    access: 'user',
    body: z.object({ name: z.string(), size: z.number().default(1) }),
    responses: { 202: { description: 'Accepted' } },
    handler: async ({ req, body }) => {
      const ownerId = principalOf(req).userId;
      const key = idempotencyKeyOf(req);
      const job = newJob(
        'media.purge',
        { keys: [], prefixes: [] },
        { ownerId, requestId: contextOf(req).id },
      );
      const first = await db.transaction().execute(async (tx) => {
        const fingerprint = fingerprintOf({ method: 'POST', path: req.path, fields: body, files: [] });
        const claim = key === undefined ? undefined : { ownerId, key, fingerprint, resourceId: job.id };
        const earlier = claim && (await claimKey(tx, claim));
        if (earlier !== undefined) return earlier;
        await insertJobs(tx, [job]);
        return job.id;
      });
      return { status: 202, body: { job_id: first } };
    },
  });
  const set: RouteSet = {
    domain: 'things',
    prefixes: ['/things'],
    errorShape: plainErrorShape,
    routes: [create],
  };
  const users = await Promise.all(
    ['alice', 'bob'].map((uid) =>
      db
        .insertInto('users')
        .values({ uid, username: uid, email: null })
        .returning('id')
        .executeTakeFirstOrThrow(),
    ),
  );
  const gate: Gate = {
    authenticate: (req) => {
      const uid = req.get('authorization') ?? '';
      const userId = users[uid === 'alice' ? 0 : 1]?.id ?? 0;
      return { userId, uid, username: uid, role: 'user' };
    },
    anonymous: () => Promise.reject(new Error('not open')),
    limit: () => undefined,
    openDomains: new Set(),
  };
  const app = express().use((req, res, next) => {
    beginRequest(req, res);
    next();
  });
  mountRoutes(app, set, gate);
  app.use(lastResort(log, errorShapes([set])));
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/things`;
});
afterAll(async () => {
  server.close();
  await gateway.close();
});

const post = async (key: string | undefined, body: unknown, user = 'alice', path = '') => {
  const headers = {
    authorization: user,
    'content-type': 'application/json',
    ...(key === undefined ? {} : { 'idempotency-key': key }),
  };
  const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: answer.status, body: (await answer.json()) as { job_id: string; code?: string } };
};
const countJobs = async () =>
  Number(
    (
      await gateway.deps.db
        .selectFrom('jobs')
        .select((e) => e.fn.countAll().as('n'))
        .executeTakeFirst()
    )?.n,
  );

it('makes one of twenty at once, and answers all alike', async () => {
  const before = await countJobs();
  const key = randomUUID();
  const answers = await Promise.all(Array.from({ length: 20 }, () => post(key, { name: 'a' })));
  expect(new Set(answers.map((answer) => answer.body.job_id)).size).toBe(1);
  expect(answers.every((answer) => answer.status === 202)).toBe(true);
  expect(await countJobs()).toBe(before + 1);
});

it('knows the same request by what it means', async () => {
  const key = randomUUID();
  const first = await post(key, { name: 'a', size: 1 });
  expect(await post(`"${key}"`, { size: 1, name: 'a' }, 'alice', '/')).toEqual(first);
  expect(await post(key, { name: 'a' })).toEqual(first);
});

it('refuses the key for another request, also when both come at once', async () => {
  const key = randomUUID();
  const answers = await Promise.all([post(key, { name: 'a' }), post(key, { name: 'b' })]);
  expect(answers.map((answer) => answer.status).sort()).toEqual([202, 409]);
  expect(answers.find((answer) => answer.status === 409)?.body.code).toBe('idempotency_key_reused');
});

it('keeps the keys of users apart, and makes something each time without one', async () => {
  const key = randomUUID();
  const [hers, his] = [await post(key, { name: 'a' }), await post(key, { name: 'b' }, 'bob')];
  expect([hers.status, his.status]).toEqual([202, 202]);
  const [one, two] = [await post(undefined, { name: 'a' }), await post(undefined, { name: 'a' })];
  expect(one.body.job_id).not.toBe(two.body.job_id);
});

it.each(['', 'x'.repeat(256), 'ü', 'a b'])('refuses the key "%s"', async (key) => {
  const answer = await post(key, { name: 'a' });
  expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_idempotency_key' } });
});
