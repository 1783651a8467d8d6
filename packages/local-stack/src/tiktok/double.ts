import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';
import { selfSigned } from '../firebase/certificate.ts';
import { answerTo } from './answers.ts';
import { type Fault, send } from './faults.ts';
import type { Profile } from './site.ts';

export interface TiktokDouble {
  /** For yt-dlp's `--proxy`: brings every host to the double. */
  proxyUrl: string;
  /** The certificate that its pages come with. */
  caFile: string;
  profiles: Map<string, Profile>;
  /** What was asked for, as `host/path`. */
  requests: string[];
  /** Has requests whose `host/path` holds this go wrong; the latest that fits and is not used up counts. */
  fail(part: string, fault: Fault): void;
  /** Nothing goes wrong any more. */
  mend(): void;
  stop(): Promise<void>;
}

const HOSTS = ['*.tiktok.com', 'tiktok.com', '*.tiktokv.com', '*.tiktokcdn.com'];

/**
 * TikTok as yt-dlp's own extractor sees it: a proxy behind which every host is this site. It knows the pages and
 * interfaces that the extractor of 2023 asks, and those of the present one, and serves the bytes.
 */
export async function startTiktokDouble(): Promise<TiktokDouble> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const cert = selfSigned(privateKey, 'TikTok double', HOSTS);
  const folder = await mkdtemp(join(tmpdir(), 'tiktok-double-'));
  const caFile = join(folder, 'ca.pem');
  await writeFile(caFile, cert);
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const secureContext = createSecureContext({ cert, key });

  const profiles = new Map<string, Profile>();
  const requests: string[] = [];
  let faults: { part: string; fault: Fault; left: number }[] = [];
  const faultFor = (target: string): Fault | undefined => {
    const found = faults.findLast(({ part, left }) => left > 0 && target.includes(part));
    if (found) found.left--;
    return found?.fault;
  };

  const site = createServer((request, response) => {
    const target = `${request.headers.host ?? ''}${request.url ?? ''}`;
    requests.push(target);
    const answer = answerTo(new URL(`https://${target}`), profiles, request.headers.range);
    send(response, answer, faultFor(target)).catch(() => response.destroy());
  });
  const sockets = new Set<Socket>();
  const proxy = createServer((_request, response) => void response.writeHead(400).end());
  proxy.on('connect', (_request, socket: Socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => undefined));
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    const secure = new TLSSocket(socket, { isServer: true, secureContext });
    secure.on('error', () => socket.destroy());
    site.emit('connection', secure);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;

  return {
    proxyUrl: `http://127.0.0.1:${port}`,
    caFile,
    profiles,
    requests,
    fail: (part, fault) => void faults.push({ part, fault, left: fault.times ?? Infinity }),
    mend: () => {
      faults = [];
    },
    stop: async () => {
      proxy.close();
      for (const socket of sockets) socket.destroy();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
