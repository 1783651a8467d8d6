import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** As long as those of browsers and curl: a short one takes longer to look for. */
const BOUNDARY = '----WebKitFormBoundarymediaworksbench';
const CHUNK = 256 * 1024;

/**
 * Sends a file as the part `file` of a form and resolves with the JSON of the answer. `fetch` does the same for several
 * times the CPU, which on the machine of what is measured would be measured with it.
 * @param content the file's bytes, where they were read before; otherwise they are read as they are sent
 * @throws Error unless the answer is 2xx
 */
export async function sendFile(
  url: string,
  path: string,
  headers: Record<string, string> = {},
  content?: Buffer,
): Promise<unknown> {
  const head = [
    `--${BOUNDARY}`,
    `Content-Disposition: form-data; name="file"; filename="${basename(path)}"`,
    'Content-Type: application/octet-stream',
    '\r\n',
  ].join('\r\n');
  const tail = `\r\n--${BOUNDARY}--\r\n`;
  const size = content?.length ?? (await stat(path)).size;
  const outgoing = request(url, {
    method: 'POST',
    headers: {
      ...headers,
      'Content-Type': `multipart/form-data; boundary=${BOUNDARY}`,
      'Content-Length': head.length + size + tail.length,
    },
  });
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
  });
  outgoing.write(head);
  const body = content ? [content] : createReadStream(path, { highWaterMark: CHUNK });
  const sent = pipeline(body, outgoing, { end: false }).then(() => {
    outgoing.end(tail);
  });
  const [response] = await Promise.all([answer, sent]);
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  const status = response.statusCode ?? 0;
  if (status < 200 || status > 299) throw new Error(`POST ${url} was answered ${status}: ${text}`);
  return JSON.parse(text) as unknown;
}
