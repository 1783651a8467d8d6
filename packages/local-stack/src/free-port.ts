import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { isErrno } from './child.ts';

/**
 * Below the ports that systems give to outgoing connections. From that range a client that keeps knocking at a closed
 * port of this machine is one day given the very port it knocks at, connects to itself, and the server can't come back.
 */
const RANGE = { from: 20_000, to: 32_000 };
const TRIES = 200;

/** A TCP port that nobody listens on at 127.0.0.1: `preferred` when it is free, otherwise a random one. */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && (await isFree(preferred))) return preferred;
  for (let i = 0; i < TRIES; i++) {
    const port = randomInt(RANGE.from, RANGE.to);
    if (await isFree(port)) return port;
  }
  throw new Error(`No free port from ${RANGE.from} to ${RANGE.to}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return true;
  } catch (error) {
    if (isErrno(error, 'EADDRINUSE') || isErrno(error, 'EACCES')) return false;
    throw error;
  } finally {
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  }
}
