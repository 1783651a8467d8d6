import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** What goes wrong with one request. */
export type StorageFault =
  | { status: number; retryAfter?: string }
  /** The connection breaks after so many bytes of the body. */
  | { resetAfter: number }
  /** The body ends early, as if it were whole. */
  | { truncateAfter: number }
  /** One bit of the body is another. */
  | { corrupt: true }
  /** The body stops after so many bytes, and the connection stays. */
  | { stallAfter: number }
  /** Another version is put in its place in the middle of the body, and the connection breaks. */
  | { replaceWith: Buffer };

export interface StorageObject {
  bytes: Buffer;
  contentType?: string;
  /** The bytes are compressed, and are to be unpacked by whoever wants what is in them. */
  gzip?: boolean;
  /** Composed of parts: it has no MD5. */
  composite?: boolean;
}

export interface StorageRequest {
  name: string;
  /** The bytes were asked for, and not what is told of them. */
  media: boolean;
  range: string | undefined;
}

export interface StorageDouble {
  /** `host:port`, as FIREBASE_STORAGE_EMULATOR_HOST takes it. */
  host: string;
  put(bucket: string, name: string, object: StorageObject): void;
  /** What to do with the next requests for bytes of names that hold this, one each, in order. */
  failNext(name: string, ...faults: StorageFault[]): void;
  /** Everything that was asked for. */
  requests: StorageRequest[];
  /** How many requests for bytes were answered at the same time at most. */
  busiest(): number;
  stop(): Promise<void>;
}

interface Kept extends StorageObject {
  generation: number;
}

/**
 * Cloud Storage's JSON API as far as reading goes, at the wire, with versions, ranges, compressed and composed objects,
 * and with whatever can go wrong. Firebase's own emulator knows no faults.
 * @param latencyMs before each answer
 */
export async function startStorageDouble(latencyMs = 0): Promise<StorageDouble> {
  const objects = new Map<string, Kept>();
  const faults: { name: string; fault: StorageFault }[] = [];
  const requests: StorageRequest[] = [];
  let generation = 1_700_000_000_000_000;
  let busy = 0;
  let busiest = 0;
  const keyOf = (bucket: string, name: string) => `${bucket}\n${name}`;
  const put: StorageDouble['put'] = (bucket, name, object) => {
    objects.set(keyOf(bucket, name), { ...object, generation: ++generation });
  };

  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    if (latencyMs > 0) await wait(latencyMs);
    const [path = '', query = ''] = (req.url ?? '').split('?');
    const asked = /^\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)$/.exec(path);
    if (!asked || req.headers.authorization === undefined) {
      refuse(res, asked ? 401 : 404);
      return;
    }
    const bucket = decodeURIComponent(asked[1] ?? '');
    const name = decodeURIComponent(asked[2] ?? '');
    const parameters = new URLSearchParams(query);
    const media = parameters.get('alt') === 'media';
    requests.push({ name, media, range: req.headers.range });
    const planned = media ? faults.findIndex((one) => name.includes(one.name)) : -1;
    const fault = planned === -1 ? undefined : faults.splice(planned, 1)[0]?.fault;
    if (fault && 'status' in fault) {
      refuse(res, fault.status, fault.retryAfter);
      return;
    }
    const object = objects.get(keyOf(bucket, name));
    const wanted = parameters.get('generation');
    if (!object || (wanted !== null && wanted !== String(object.generation))) {
      refuse(res, 404);
      return;
    }
    if (!media) {
      tell(res, object);
      return;
    }
    await send(req, res, object, fault, (bytes) => put(bucket, name, { ...object, bytes }));
  };

  const server = createServer((req, res) => {
    busiest = Math.max(busiest, ++busy);
    res.once('close', () => busy--);
    serve(req, res).catch(() => res.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    put,
    requests,
    failNext: (name, ...several) => void faults.push(...several.map((fault) => ({ name, fault }))),
    busiest: () => busiest,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}

async function send(
  req: IncomingMessage,
  res: ServerResponse,
  object: Kept,
  fault: Exclude<StorageFault, { status: number }> | undefined,
  replace: (bytes: Buffer) => void,
): Promise<void> {
  const start = Number(/^bytes=(\d+)-$/.exec(req.headers.range ?? '')?.[1] ?? 0);
  const { length } = object.bytes;
  if (start > 0 && start >= length) {
    refuse(res, 416);
    return;
  }
  const body = Buffer.from(object.bytes.subarray(start));
  if (fault && 'corrupt' in fault) body.writeUInt8(body.readUInt8(0) ^ 1, 0);
  const cut = fault && 'truncateAfter' in fault ? fault.truncateAfter : body.length;
  res.writeHead(start > 0 ? 206 : 200, {
    'content-type': object.contentType ?? 'application/octet-stream',
    'content-length': cut,
    ...(start > 0 ? { 'content-range': `bytes ${start}-${length - 1}/${length}` } : {}),
    ...(object.gzip === true ? { 'content-encoding': 'gzip', 'x-goog-stored-content-encoding': 'gzip' } : {}),
    'x-goog-generation': String(object.generation),
    'x-goog-stored-content-length': String(length),
    'x-goog-hash': hashesOf(object)
      .map(([name, value]) => `${name}=${value}`)
      .join(','),
  });
  const pauseAt =
    fault && 'resetAfter' in fault
      ? fault.resetAfter
      : fault && 'stallAfter' in fault
        ? fault.stallAfter
        : fault && 'replaceWith' in fault
          ? Math.floor(body.length / 2)
          : undefined;
  if (pauseAt === undefined) {
    res.end(body.subarray(0, cut));
    return;
  }
  await new Promise<void>((resolve) => res.write(body.subarray(0, pauseAt), () => resolve()));
  if (fault && 'stallAfter' in fault) return;
  if (fault && 'replaceWith' in fault) replace(fault.replaceWith);
  // In a turn of its own, so that what was written is on its way.
  await wait(10);
  res.destroy();
}

function tell(res: ServerResponse, object: Kept): void {
  const hashes = Object.fromEntries(hashesOf(object));
  const body = JSON.stringify({
    generation: String(object.generation),
    size: String(object.bytes.length),
    ...(hashes['md5'] === undefined ? {} : { md5Hash: hashes['md5'] }),
    crc32c: hashes['crc32c'],
    contentType: object.contentType,
    ...(object.gzip === true ? { contentEncoding: 'gzip' } : {}),
  });
  res.writeHead(200, { 'content-type': 'application/json' }).end(body);
}

function refuse(res: ServerResponse, status: number, retryAfter?: string): void {
  res.writeHead(status, {
    'content-type': 'application/json',
    ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
  });
  res.end(JSON.stringify({ error: { code: status, message: 'refused' } }));
}

function hashesOf({ bytes, composite }: Kept): [string, string][] {
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32c(bytes));
  const md5: [string, string][] =
    composite === true ? [] : [['md5', createHash('md5').update(bytes).digest('base64')]];
  return [['crc32c', crc.toString('base64')], ...md5];
}

/** Source: RFC 3720, appendix B.4: the Castagnoli polynomial, reflected. */
const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

function crc32c(bytes: Buffer): number {
  let crc = ~0;
  for (const byte of bytes) crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 255] ?? 0);
  return ~crc >>> 0;
}
