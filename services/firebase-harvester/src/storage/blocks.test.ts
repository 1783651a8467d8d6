import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { once, setMaxListeners } from 'node:events';
import type { Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { selfSigned } from '@mediaworks/local-stack/firebase';
import { Pool } from 'undici';
import { connectIntoBlocks, giveBack } from './blocks.ts';
import { type Incoming, request } from './incoming.ts';

const SIZE = 2 ** 17;
const { signal } = new AbortController();
setMaxListeners(0, signal);
const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
/** Of all sizes around that of a block, and none at all. */
const bodies = Array.from({ length: 60 }, (_, n) =>
  randomBytes([0, 1, 900, 65_000, 131_072, 400_000][n % 6] ?? 0),
);

async function listen(server: Server | TcpServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

/** An answer as some servers write it: its head in two pieces, the body in many, of no length that it tells. */
async function writePiecemeal(socket: Socket, body: Buffer): Promise<void> {
  const flush = (bytes: Buffer | string) => new Promise((resolve) => socket.write(bytes, resolve));
  await flush(`HTTP/1.1 200 OK\r\nx-of: ${hashOf(body).slice(0, 20)}`);
  await flush(`${hashOf(body).slice(20)}\r\ntransfer-encoding: chunked\r\n\r\n`);
  for (let at = 0; at < body.length; at += 50_000) {
    const part = body.subarray(at, at + 50_000);
    await flush(Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]));
  }
  await flush('0\r\n\r\n');
}

async function openPiecemeal(): Promise<string> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (asked) => {
      const n = Number(/^GET \/(\d+)/.exec(asked.toString())?.[1]);
      void writePiecemeal(socket, bodies[n] ?? Buffer.alloc(0));
    });
  });
  return `http://127.0.0.1:${await listen(server)}`;
}

function poolOf(origin: string, connections: number, tls: object = {}): Pool {
  const pool = new Pool(origin, { connections, connect: connectIntoBlocks(SIZE, tls) });
  closing.push(() => pool.destroy());
  return pool;
}

/** Wipes each piece out before it is given back: whoever still looked at it would see. */
async function hashAndWipe(body: Incoming, memory = new Set<ArrayBufferLike>()): Promise<string> {
  const hash = createHash('sha256');
  for (let chunks = await body.next(); chunks; chunks = await body.next()) {
    for (const chunk of chunks) {
      memory.add(chunk.buffer);
      hash.update(chunk);
      chunk.fill(0x21);
      giveBack(chunk);
      giveBack(chunk);
    }
  }
  return hash.digest('hex');
}

describe('blocks', () => {
  it('bring every byte of heads and bodies, however they are cut, while the memory serves anew', async () => {
    const pool = poolOf(await openPiecemeal(), 3);
    const memory = new Set<ArrayBufferLike>();
    await Promise.all(
      bodies.map(async (body, n) => {
        const { headers, body: incoming } = await request(pool, `/${n}`, {}, signal);
        expect(headers['x-of']).toBe(hashOf(body));
        expect(await hashAndWipe(incoming, memory)).toBe(hashOf(body));
      }),
    );
    const total = bodies.reduce((sum, { length }) => sum + length, 0);
    expect(memory.size).toBeLessThan(total / SIZE / 2);
  });

  it('leave alone what was not given back', async () => {
    const pool = poolOf(await openPiecemeal(), 1);
    const kept: Buffer[] = [];
    const { body } = await request(pool, '/5', {}, signal);
    for (let chunks = await body.next(); chunks; chunks = await body.next()) kept.push(...chunks);
    for (let n = 0; n < 12; n++) await hashAndWipe((await request(pool, `/${n}`, {}, signal)).body);
    expect(hashOf(Buffer.concat(kept))).toBe(hashOf(bodies[5] ?? Buffer.alloc(0)));
  });

  it('are filled over TLS as well', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const cert = selfSigned(privateKey, 'localhost', ['localhost']);
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
    const server = createSecureServer({ cert, key }, (req, res) =>
      res.end(bodies[Number(req.url?.slice(1))]),
    );
    const pool = poolOf(`https://localhost:${await listen(server)}`, 2, { ca: cert });
    const memory = new Set<ArrayBufferLike>();
    const hashes = bodies.map(async (_, n) =>
      hashAndWipe((await request(pool, `/${n}`, {}, signal)).body, memory),
    );
    expect(await Promise.all(hashes)).toEqual(bodies.map(hashOf));
    expect(memory.size).toBeLessThan(bodies.length);
  });
});
