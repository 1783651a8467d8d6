import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { indexOf, LATENCY_MS, makeFiles } from './origin.ts';

/** Cloud Storage as far as the benchmark asks it, 20 ms away, in a process of its own. */
const files = makeFiles();

const server = createServer({ keepAliveTimeout: 60_000 }, (req, res) => {
  const [, name = '', media] = /\/o\/([^?]+)\?(?:(alt=media)|fields=)/.exec(req.url ?? '') ?? [];
  const file = files[indexOf(decodeURIComponent(name))];
  setTimeout(() => {
    if (!file) return void res.writeHead(404).end();
    if (media === undefined) {
      const { size, md5: md5Hash, crc32c } = file;
      const told = { generation: '1', size: String(size), md5Hash, crc32c, contentType: 'image/jpeg' };
      return void res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(told));
    }
    res.writeHead(200, {
      'content-type': 'image/jpeg',
      'content-length': file.size,
      'x-goog-generation': '1',
      'x-goog-stored-content-length': String(file.size),
      'x-goog-hash': `crc32c=${file.crc32c},md5=${file.md5}`,
    });
    return void res.end(file.bytes);
  }, LATENCY_MS);
});
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ message: 'listening', port: (server.address() as AddressInfo).port }));
});
process.once('SIGTERM', () => process.exit(0));
