import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}

/**
 * Checks a request's AWS Signature Version 4, in its headers or in its address. S3 does not normalise paths.
 * Source: AWS, "Authenticating Requests (AWS Signature Version 4)", Amazon S3 API Reference.
 * @param now Unix ms
 * @returns the S3 error code, or undefined when all is well
 */
export function checkSignature(
  req: IncomingMessage,
  { accessKeyId, secretAccessKey }: Credentials,
  now: number,
) {
  const url = new URL(req.url ?? '/', 'http://localhost');
  const given = url.searchParams.has('X-Amz-Signature') ? fromQuery(url, now) : fromHeader(req);
  if (given === undefined || given === 'AccessDenied') return 'AccessDenied';
  const [keyId, date = '', region = '', service = ''] = given.credential.split('/');
  if (keyId !== accessKeyId) return 'InvalidAccessKeyId';
  const query = [...url.searchParams]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort();
  const canonical = [
    req.method,
    url.pathname.split('/').map(decodeURIComponent).map(encoded).join('/'),
    query.join('&'),
    ...given.signedHeaders.map((name) => `${name}:${String(req.headers[name] ?? '').trim()}`),
    '',
    given.signedHeaders.join(';'),
    given.payload,
  ].join('\n');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const text = [
    'AWS4-HMAC-SHA256',
    given.date,
    scope,
    createHash('sha256').update(canonical).digest('hex'),
  ].join('\n');
  const key = [date, region, service, 'aws4_request'].reduce<Buffer | string>(hmac, `AWS4${secretAccessKey}`);
  const right = hmac(key, text);
  const signature = Buffer.from(given.signature, 'hex');
  return signature.length === right.length && timingSafeEqual(signature, right)
    ? undefined
    : 'SignatureDoesNotMatch';
}

function fromHeader(req: IncomingMessage) {
  const match = /^AWS4-HMAC-SHA256 Credential=(\S+), ?SignedHeaders=(\S+), ?Signature=(\S+)$/.exec(
    req.headers.authorization ?? '',
  );
  if (!match) return undefined;
  const [, credential = '', signedHeaders = '', signature = ''] = match;
  return {
    credential,
    signedHeaders: signedHeaders.split(';'),
    signature,
    date: String(req.headers['x-amz-date']),
    payload: String(req.headers['x-amz-content-sha256']),
  };
}

function fromQuery(url: URL, now: number) {
  const value = (name: string) => url.searchParams.get(`X-Amz-${name}`) ?? '';
  const date = value('Date');
  const from = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!(now < from + Number(value('Expires')) * 1_000)) return 'AccessDenied' as const;
  return {
    credential: value('Credential'),
    signedHeaders: value('SignedHeaders').split(';'),
    signature: value('Signature'),
    date,
    payload: 'UNSIGNED-PAYLOAD',
  };
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
