import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import express from 'express';
import { createExpressServer } from './express-server.ts';

const { server, serve } = createExpressServer({});
afterEach(() => void server.close());

test('leaves express nothing to change about the prototypes of a request', async () => {
  const app = express();
  const before = new Map<object, unknown>();
  server.on('request', (req: IncomingMessage, res: ServerResponse) => {
    for (const object of [req, res]) before.set(object, Object.getPrototypeOf(object));
  });
  serve(app);
  const same: boolean[] = [];
  app.get('/:name', (req, res) => {
    for (const object of [req, res]) same.push(before.get(object) === Object.getPrototypeOf(object));
    expect(req.app).toBe(app);
    expect(res.app).toBe(app);
    res.status(201).json({ name: req.params.name, query: req.query, ip: req.ip });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/anna?from=1`);
  expect(answer.status).toBe(201);
  expect(await answer.json()).toEqual({ name: 'anna', query: { from: '1' }, ip: '127.0.0.1' });
  expect(same).toEqual([true, true]);
});
