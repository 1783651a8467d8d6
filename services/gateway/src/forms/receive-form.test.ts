import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import express, { type Request } from 'express';
import { ApiError } from '../api-error.ts';
import { type FilePart, receiveForm } from './receive-form.ts';

/** How a part is taken, by its name. */
let take: Record<string, (part: FilePart, req: Request) => Promise<void>> = {};
let held: Set<string>;
let outcome: Promise<unknown>;
let server: Server;

beforeAll(async () => {
  const app = express();
  app.post('/', (req, res) => {
    const received = receiveForm(req, res, {
      fileParts: ['a', 'b', 'c'],
      maxBytes: 1_000_000,
      take: async (part) => {
        await take[part.name]?.(part, req);
        held.add(part.name);
        return part.name;
      },
      giveBack: (name) => Promise.resolve(void held.delete(name)),
    });
    outcome = received.then(
      () => 'received',
      (error: unknown) => error,
    );
    server.emit('outcome');
    void outcome.then(() => res.end());
  });
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => void server.close());
beforeEach(() => {
  held = new Set();
  take = {};
});

const whole = async ({ body }: FilePart) => {
  for await (const _chunk of body);
};

/** Sends a form of three files, as far as `share` of its bytes, and hangs up when it is less than all. */
async function send(share: number): Promise<unknown> {
  const part = (name: string) =>
    `--x\r\ncontent-disposition: form-data; name="${name}"; filename="${name}"\r\n\r\n${name.repeat(20_000)}\r\n`;
  const form = ['a', 'b', 'c'].map(part).join('') + '--x--\r\n';
  const head = `POST / HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=x\r\ncontent-length: ${form.length}\r\n\r\n`;
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  const begun = once(server, 'outcome');
  await new Promise((resolve) => socket.write(head + form.slice(0, share * form.length), resolve));
  await begun;
  if (share < 1) socket.destroy();
  else socket.resume();
  const found = await outcome;
  socket.destroy();
  return found;
}

it('takes a whole form', async () => {
  take = { a: whole, b: whole, c: whole };
  expect(await send(1)).toBe('received');
  expect(held).toEqual(new Set(['a', 'b', 'c']));
});

it.each([0.001, 0.1, 0.334, 0.34, 0.5, 0.667, 0.67, 0.9, 0.999])(
  'leaves nothing when its sender goes away after %d of it, before anybody reads',
  async (share) => {
    // Only then does it look at the part: its error has come and gone.
    const late = async (part: FilePart, req: Request) => {
      if (!req.destroyed) await once(req, 'close');
      await new Promise(setImmediate);
      await whole(part);
    };
    take = { a: late, b: late, c: late };
    expect(await send(share)).toBeInstanceOf(Error);
    expect(held).toEqual(new Set());
  },
);

it('a part that is refused takes those along that are there, and those that are still coming', async () => {
  const log: string[] = [];
  let bComes!: () => void;
  const coming = new Promise<void>((resolve) => (bComes = resolve));
  take = {
    a: whole,
    b: async (part) => {
      part.body.once('data', () => bComes());
      await whole(part).finally(() => log.push('b ended'));
      // The store is slow to notice.
      await new Promise(setImmediate);
    },
    c: async () => {
      await coming;
      throw new ApiError(422, 'not_wanted', 'Not this one');
    },
  };
  expect(await send(1)).toMatchObject({ code: 'not_wanted' });
  expect(log).toEqual(['b ended']);
  expect(held).toEqual(new Set());
});
