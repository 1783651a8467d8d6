import type { AddressInfo } from 'node:net';
import express from 'express';

/** The ceiling: express 5 with one route that does nothing. */
const app = express();
app.post('/api/jobs/:id/retry', (_req, res) => {
  res.status(202).json({ status: 'queued' });
});
const server = app.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ message: 'listening', port: (server.address() as AddressInfo).port }));
});
process.once('SIGTERM', () => process.exit(0));
