import { connect, type Socket } from 'node:net';

export interface Load {
  /** Wall time of all requests, in ms. */
  wall: number;
  /** Of each request, in ms. */
  latencies: number[];
}

export interface LoadOptions {
  port: number;
  connections: number;
  /** Each request whole, as it goes over the wire; each is sent once at most. */
  requests: readonly string[];
  /** For how long new requests are sent, in s. */
  seconds: number;
  /** What each has to be answered. */
  status: number;
}

/**
 * Sends the requests over keep-alive connections, each of which waits for an answer before its next. It knows
 * just enough HTTP for two servers of ours (every answer has a Content-Length): a general client takes as much CPU as
 * the server, and both share the machine.
 * @throws Error when an answer has another status or a connection breaks
 */
export async function load(options: LoadOptions): Promise<Load> {
  const latencies: number[] = [];
  const start = performance.now();
  const end = start + options.seconds * 1_000;
  let next = 0;
  const take = () => (performance.now() < end ? options.requests[next++] : undefined);
  const workers = Array.from({ length: options.connections }, () => drive(options, take, latencies));
  await Promise.all(workers);
  return { wall: performance.now() - start, latencies };
}

function drive(options: LoadOptions, take: () => string | undefined, latencies: number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ port: options.port, host: '127.0.0.1', noDelay: true });
    const wanted = `HTTP/1.1 ${options.status} `;
    let sentAt = 0;
    let held = '';
    const send = () => {
      const request = take();
      if (request === undefined) {
        socket.end();
        resolve();
        return;
      }
      sentAt = performance.now();
      socket.write(request);
    };
    // Byte for byte, so that lengths are those of Content-Length.
    socket.setEncoding('latin1');
    socket.on('connect', send);
    socket.on('data', (text: string) => {
      held += text;
      const body = held.indexOf('\r\n\r\n') + 4;
      if (body === 3) return;
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(held)?.[1]);
      if (held.length < body + length) return;
      if (!held.startsWith(wanted)) {
        socket.destroy();
        reject(new Error(`expected ${options.status}, was answered ${held}`));
        return;
      }
      latencies.push(performance.now() - sentAt);
      held = '';
      send();
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the server closed the connection')));
  });
}
