import { createPublicKey, type KeyObject, sign } from 'node:crypto';

const SEQUENCE = 0x30;
const SHA256_WITH_RSA = '06092a864886f70d01010b';
const COMMON_NAME = '0603550403';
const SUBJECT_ALTERNATIVE_NAME = '0603551d11';
const DNS_NAME = 0x82;

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

/** The extensions by which a client knows the hosts; none, none. */
function hostNames(hosts: readonly string[]): Buffer[] {
  if (hosts.length === 0) return [];
  const names = der(SEQUENCE, ...hosts.map((host) => der(DNS_NAME, Buffer.from(host))));
  const extension = der(SEQUENCE, hex(SUBJECT_ALTERNATIVE_NAME), der(0x04, names));
  return [der(0xa3, der(SEQUENCE, extension))];
}

/**
 * A self-signed X.509 certificate of an RSA key, as PEM, good from yesterday for ten days (RFC 5280).
 * @param hosts that it is good for, such as `*.example.com`
 */
export function selfSigned(privateKey: KeyObject, commonName: string, hosts: readonly string[] = []): string {
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
    ...hostNames(hosts),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', content, privateKey));
  const base64 = der(SEQUENCE, content, algorithm, signature).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;
}
