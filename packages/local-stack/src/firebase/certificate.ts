import { createPublicKey, type KeyObject, sign } from 'node:crypto';

const SEQUENCE = 0x30;
const SHA256_WITH_RSA = '06092a864886f70d01010b';
const COMMON_NAME = '0603550403';

/** A DER value: tag, length, content (X.690). */
function der(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const { length } = body;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

const hex = (text: string) => Buffer.from(text, 'hex');
const utcTime = (at: Date) =>
  der(
    0x17,
    Buffer.from(
      at
        .toISOString()
        .replaceAll(/[-:T]|\.\d+/g, '')
        .slice(2),
    ),
  );

/** A self-signed X.509 certificate of an RSA key, as PEM, good from yesterday for ten days (RFC 5280). */
export function selfSigned(privateKey: KeyObject, commonName: string): string {
  const day = 86_400_000;
  const algorithm = der(SEQUENCE, hex(SHA256_WITH_RSA), hex('0500'));
  const attribute = der(SEQUENCE, hex(COMMON_NAME), der(0x0c, Buffer.from(commonName)));
  const name = der(SEQUENCE, der(0x31, attribute));
  const content = der(
    SEQUENCE,
    der(0xa0, hex('020102')),
    hex('020101'),
    algorithm,
    name,
    der(SEQUENCE, utcTime(new Date(Date.now() - day)), utcTime(new Date(Date.now() + 9 * day))),
    name,
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', content, privateKey));
  const base64 = der(SEQUENCE, content, algorithm, signature).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;
}
