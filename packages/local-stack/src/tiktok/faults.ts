import type { ServerResponse } from 'node:http';

/** How the site misbehaves, for requests whose host and path hold a text. */
export interface Fault {
  status?: number;
  headers?: Record<string, string>;
  /** Instead of what there would be. */
  body?: string;
  /** Breaks the connection after so many bytes of the body. */
  cutAfter?: number;
  /** What Content-Length says, whatever comes. */
  claimedLength?: number;
  /** Sends so many bytes, and the rest once `until` resolves. */
  hold?: { after: number; until: Promise<void> };
  /** How often; default: always. */
  times?: number;
}

/** Sends an answer as a fault has it; without one, as it is. */
export async function send(
  response: ServerResponse,
  answer: { status: number; headers: Record<string, string>; body: Buffer },
  fault: Fault | undefined,
): Promise<void> {
  const body = fault?.body === undefined ? answer.body : Buffer.from(fault.body);
  const length = fault?.claimedLength ?? body.length;
  response.writeHead(fault?.status ?? answer.status, {
    ...answer.headers,
    'Content-Length': length,
    ...fault?.headers,
  });
  if (fault?.cutAfter !== undefined) {
    response.write(body.subarray(0, fault.cutAfter), () => response.socket?.destroy());
    return;
  }
  if (fault?.hold) {
    const { after, until } = fault.hold;
    response.write(body.subarray(0, after));
    await until;
    response.end(body.subarray(after));
    return;
  }
  // A body that is shorter than it claims: the connection ends, and the client has to notice.
  if (length > body.length) response.write(body, () => response.socket?.destroy());
  else response.end(body.subarray(0, length));
}
