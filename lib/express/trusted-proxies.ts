import type { IncomingMessage } from 'node:http';
import proxyaddr from 'proxy-addr';
import { SetupError } from './errors.ts';

/** Like Express's `trust proxy`: a number of hops, addresses and CIDR ranges, or a function of an address and its hop. */
export type TrustProxy = number | string | readonly string[] | ((address: string, hop: number) => boolean);

/** Whether the address at a hop may speak for the client. Hop 0 is the peer of the connection. */
export type Trust = (address: string, hop: number) => boolean;

/** Who the client is, as far as trusted proxies say. */
export interface ClientAddress {
  readonly host: string;
  readonly secure: boolean;
}

const TRUST_NOBODY: Trust = () => false;
const WIDEST_IPV4 = 8;
/** `fc00::/7`, the unique local addresses, is the widest range that one network can be. */
const WIDEST_IPV6 = 7;

/** @throws {SetupError} `ERR_TRUST_PROXY` for a setting that lets any client choose its own address. */
export function compileTrustProxy(trust: TrustProxy): Trust {
  if (typeof trust === 'function') return trust;
  if (typeof trust === 'number') {
    if (Number.isInteger(trust) && trust >= 0 && trust <= 16) return (_address, hop) => hop < trust;
    throw tooBroad(`trustProxy: ${trust}`);
  }
  if ((trust as unknown) === true || (trust as unknown) === false) {
    if ((trust as unknown) === false) return TRUST_NOBODY;
    throw tooBroad('trustProxy: true');
  }
  const ranges = typeof trust === 'string' ? trust.split(',').map((range) => range.trim()) : [...trust];
  for (const range of ranges) if (isTooBroad(range)) throw tooBroad(`trustProxy: "${range}"`);
  try {
    return proxyaddr.compile(ranges);
  } catch {
    throw new SetupError('ERR_TRUST_PROXY', `trustProxy has a range that cannot be read: ${ranges.join(', ')}`);
  }
}

function isTooBroad(range: string): boolean {
  const [address = '', bits] = range.split('/');
  if (bits === undefined) return false;
  if (bits.includes('.')) return Number(bits.split('.')[0]) !== 255;
  const mapped = /^::ffff:/i.test(address);
  const widest = mapped ? 96 + WIDEST_IPV4 : address.includes(':') ? WIDEST_IPV6 : WIDEST_IPV4;
  return Number(bits) < widest;
}

function tooBroad(what: string): SetupError {
  return new SetupError(
    'ERR_TRUST_PROXY',
    `${what} lets every client choose its own address, host and scheme. Name your proxies: trustProxy: 1 for one reverse proxy, or trustProxy: ['10.0.0.0/8']`,
  );
}

/**
 * The trust setting of an Express app.
 *
 * @throws {SetupError} `ERR_TRUST_PROXY` if it trusts everybody.
 */
export function expressTrust(app: { get(name: string): unknown }): Trust {
  const setting = app.get('trust proxy');
  if (setting === true) throw tooBroad("app.set('trust proxy', true)");
  if (typeof setting === 'string' || Array.isArray(setting)) return compileTrustProxy(setting as string | string[]);
  const trust = app.get('trust proxy fn');
  return typeof trust === 'function' ? (trust as Trust) : TRUST_NOBODY;
}

/** Host and scheme of a request. Forwarded headers count only from a trusted peer. */
export function clientAddress(req: IncomingMessage, trust: Trust): ClientAddress {
  const { headers, socket } = req;
  const host = headers.host ?? '';
  const secure = (socket as { encrypted?: boolean }).encrypted === true;
  const forwardedHost = headers['x-forwarded-host'];
  const forwardedProto = headers['x-forwarded-proto'];
  if ((forwardedHost === undefined && forwardedProto === undefined) || !trust(socket.remoteAddress ?? '', 0)) return { host, secure };
  return {
    host: firstOf(forwardedHost) ?? host,
    secure: forwardedProto === undefined ? secure : firstOf(forwardedProto) === 'https',
  };
}

/** Address of the client, through trusted proxies only. */
export function clientIp(req: IncomingMessage, trust: Trust): string | undefined {
  if (req.headers['x-forwarded-for'] === undefined) return req.socket.remoteAddress;
  return proxyaddr(req, trust);
}

function firstOf(header: string | string[] | undefined): string | undefined {
  const text = Array.isArray(header) ? header[0] : header;
  return text?.split(',')[0]?.trim();
}
