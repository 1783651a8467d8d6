import { describe, expect, test } from '@jest/globals';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Request, Response } from 'express';
import { receiveForm } from './receive-form.ts';

/** What a form's file is found to hold, when the form comes in these chunks. */
async function fileIn(chunks: readonly Buffer[], boundary: string): Promise<Buffer> {
  const req = new IncomingMessage(new Socket());
  req.headers = {
    'content-type': `multipart/form-data; boundary=${boundary}`,
    'content-length': String(chunks.reduce((sum, chunk) => sum + chunk.length, 0)),
  };
  const received = receiveForm(req as Request, new ServerResponse(req) as Response, {
    fileParts: ['file'],
    maxBytes: 1e6,
    take: async ({ body }) => Buffer.concat((await body.toArray()) as Buffer[]),
    giveBack: () => Promise.resolve(),
  });
  for (const chunk of chunks) req.push(chunk);
  req.push(null);
  req.complete = true;
  const { inOrder, fields } = await received;
  expect(fields).toEqual({ after: 'it' });
  return inOrder[0] ?? Buffer.alloc(0);
}

function formOf(content: string, boundary: string): Buffer {
  const part = (disposition: string, body: string) =>
    `--${boundary}\r\ncontent-disposition: form-data; ${disposition}\r\n\r\n${body}\r\n`;
  const parts = part('name="file"; filename="f"', content) + part('name="after"', 'it');
  return Buffer.from(`${parts}--${boundary}--\r\n`, 'latin1');
}

function inPieces(form: Buffer, bytes: number): Buffer[] {
  return Array.from({ length: Math.ceil(form.length / bytes) }, (_, n) =>
    form.subarray(n * bytes, (n + 1) * bytes),
  );
}

/** Bytes that begin as what ends a part of the form does, again and again. */
const almost = (boundary: string) =>
  [
    '\r\r\n\r\n-\r\n--',
    `\r\n--${boundary.slice(0, -1)}`,
    `\r\n--${boundary.slice(0, -1)}\r\n--${boundary.slice(1)}`,
    `--${boundary}\n--${boundary}\r--${boundary}`,
    '\r\n',
  ].join('');

describe.each(['x', 'xxxxxx', '----WebKitFormBoundary0123456789abcdef'])(
  'a file is what was sent, with the boundary %s',
  (boundary) => {
    const content = almost(boundary);
    const form = formOf(content, boundary);

    test('wherever the form is cut', async () => {
      for (let at = 1; at < form.length; at++)
        expect([at, await fileIn([form.subarray(0, at), form.subarray(at)], boundary)]).toEqual([
          at,
          Buffer.from(content, 'latin1'),
        ]);
    });

    test.each([1, 2, 3, 5, 7, 11, 64])('in pieces of %d bytes', async (bytes) => {
      expect(await fileIn(inPieces(form, bytes), boundary)).toEqual(Buffer.from(content, 'latin1'));
    });

    test('over many chunks', async () => {
      const long = `${'\r'.repeat(5_000)}${almost(boundary).repeat(2_000)}`.slice(0, 200_000);
      const found = await fileIn(inPieces(formOf(long, boundary), 65_536), boundary);
      expect(found.equals(Buffer.from(long, 'latin1'))).toBe(true);
    });
  },
);
