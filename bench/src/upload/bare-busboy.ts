import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import busboy from 'busboy';

/** The least that an upload can cost: busboy, a SHA-256 on the way, a file in the folder that argv[2] names. */
const dir = process.argv[2] ?? '.';
let uploads = 0;

const server = createServer((req, res) => {
  // With less room, every chunk of the socket waits for the one before it to be on the disk.
  const form = busboy({ headers: req.headers, fileHwm: 512 * 1024 });
  form.on('file', (_field, body) => {
    const hash = createHash('sha256');
    const hashing = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        done(null, chunk);
      },
    });
    pipeline(body, hashing, createWriteStream(join(dir, `bare-${uploads++}`))).then(
      () =>
        res
          .writeHead(201, { 'Content-Type': 'application/json' })
          .end(JSON.stringify({ sha256: hash.digest('hex') })),
      (error: unknown) => res.destroy(error instanceof Error ? error : undefined),
    );
  });
  req.pipe(form);
});
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ message: 'listening', port: (server.address() as AddressInfo).port }));
});
process.once('SIGTERM', () => process.exit(0));
