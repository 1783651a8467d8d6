import { type LookupAddress, type LookupOptions } from 'node:dns';
import { lookup as systemLookup } from 'node:dns/promises';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { PermanentError, TransientError } from '@mediaworks/contracts';
import { asError, errorCode } from './errors.ts';

/** Every IPv4 network that is not the public internet (IANA IPv4 Special-Purpose Address Registry, multicast, class E). */
const special4 = networks('ipv4', [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...[
    '192.0.0.0/24',
    '192.0.2.0/24',
    '192.31.196.0/24',
    '192.52.193.0/24',
    '192.88.99.0/24',
    '192.168.0.0/16',
  ],
  ...['192.175.48.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
]);
/** Global unicast (RFC 4291); loopback, link-local, unique-local, mapped and NAT64 addresses all lie outside of it. */
const global6 = networks('ipv6', ['2000::/3']);
/** What inside it is special: Teredo, ORCHID and benchmarking; documentation; 6to4, which carries any IPv4 address. */
const special6 = networks('ipv6', ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']);

function networks(family: 'ipv4' | 'ipv6', list: readonly string[]): BlockList {
  const blocks = new BlockList();
  for (const network of list) {
    const [address = '', bits] = network.split('/');
    blocks.addSubnet(address, Number(bits), family);
  }
  return blocks;
}

/** Whether an address, as it was resolved, is one of the public internet. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !special4.check(address, 'ipv4');
    case 6:
      // With a zone it is link-local, and the lists refuse to read it.
      return !address.includes('%') && global6.check(address, 'ipv6') && !special6.check(address, 'ipv6');
    default:
      return false;
  }
}

/** Finds all addresses of a name. */
export type Resolve = (hostname: string) => Promise<LookupAddress[]>;

const resolveBySystem: Resolve = (hostname) => systemLookup(hostname, { all: true });

export interface AddressRules {
  /** `host` or `host:port` that may lie anywhere, also inside: for tests and for a source in one's own network. */
  allow?: readonly string[];
  /** Stands in for DNS in tests. */
  resolve?: Resolve;
}

/** Ports below 1024 that web servers use; the others are other services', which a request should not be able to reach. */
const WEB_PORTS = new Set(['', '80', '443']);
const MAX_URL = 2_048;

/**
 * Reads an address that a stranger gave: http or https, without credentials, not inside our networks as far as the
 * address itself tells. Where its name leads is checked at each connection; see {@link guardedLookup}.
 * @throws PermanentError `invalid_url`, `blocked_address`
 */
export function parsePublicUrl(given: string | URL, rules: AddressRules = {}): URL {
  const text = String(given);
  const url = text.length <= MAX_URL && URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.hostname === '')
    throw new PermanentError('invalid_url', 'The address must be an http or https one');
  if (url.username !== '' || url.password !== '')
    throw new PermanentError('invalid_url', 'The address must not hold a user name or a password');
  if (isAllowed(url, rules)) return url;
  if (!WEB_PORTS.has(url.port) && Number(url.port) < 1_024) throw blocked();
  const host = bareHost(url);
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw blocked();
  return url;
}

/**
 * Also resolves the name, so that a bad address is refused before anything is made of it. A name server that does not
 * answer says nothing about the address: it passes, and is checked again when it is fetched.
 * @throws PermanentError `invalid_url`, `blocked_address`, `host_not_found`
 */
export async function checkPublicUrl(given: string | URL, rules: AddressRules = {}): Promise<URL> {
  const url = parsePublicUrl(given, rules);
  const host = bareHost(url);
  if (isAllowed(url, rules) || isIP(host) !== 0) return url;
  try {
    await resolvePublic(host, rules);
  } catch (error) {
    if (error instanceof PermanentError) throw error;
    if (errorCode(error) === 'ENOTFOUND')
      throw new PermanentError('host_not_found', 'There is no such host', { cause: error });
  }
  return url;
}

/** All addresses of a name. One that is not public condemns the name: it is how rebinding begins. */
async function resolvePublic(hostname: string, rules: AddressRules): Promise<LookupAddress[]> {
  const found = await (rules.resolve ?? resolveBySystem)(hostname);
  if (found.some(({ address }) => !isPublicAddress(address))) throw blocked();
  return found;
}

/**
 * A lookup for sockets that hands on public addresses alone. What it answers is what is connected to: a name that
 * changes between the check and the connection (DNS rebinding) gains nothing.
 */
export function guardedLookup(rules: AddressRules): LookupFunction {
  return (hostname, options: LookupOptions, done) => {
    resolvePublic(hostname, rules).then(
      (found) => {
        const wanted = found.filter(({ family }) => !options.family || family === options.family);
        const [first] = wanted;
        if (!first) done(new TransientError('source_unreachable', 'The host has no address'), []);
        else if (options.all === true) done(null, wanted);
        else done(null, first.address, first.family);
      },
      (error: unknown) => done(asError(error), []),
    );
  };
}

export function isAllowed(url: URL, { allow = [] }: AddressRules): boolean {
  return allow.includes(url.hostname) || allow.includes(`${url.hostname}:${url.port || defaultPort(url)}`);
}

const defaultPort = (url: URL) => (url.protocol === 'https:' ? '443' : '80');
const bareHost = (url: URL) => url.hostname.replace(/^\[|\]$/g, '');
const blocked = () => new PermanentError('blocked_address', 'The address is not one of the public internet');
