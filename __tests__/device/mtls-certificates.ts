import { createPrivateKey, generateKeyPairSync, type KeyObject, sign, X509Certificate } from 'node:crypto';

/** A key and a certificate for it, as TLS takes them, and the certificate as `Client-Cert` carries it. */
export interface Certified {
  readonly key: string;
  readonly cert: string;
  readonly der: Buffer;
  readonly header: string;
}

/** Days from now. */
interface Term {
  readonly from?: number;
  readonly until?: number;
}

/** Signs certificates: for servers and clients, for any term. */
export class Authority {
  readonly #name: string;
  readonly #key: KeyObject;
  readonly cert: string;

  constructor(name: string) {
    const root = newKey();
    this.#name = name;
    this.#key = createPrivateKey(root.key);
    this.cert = pem(this.#sign(name, root.spki, {}, IS_AUTHORITY));
  }

  issue(name: string, term: Term = {}): Certified {
    const { key, spki } = newKey();
    const der = this.#sign(name, spki, term, ALT_LOCALHOST);
    return { key, cert: pem(der), der, header: `:${der.toString('base64')}:` };
  }

  #sign(name: string, spki: Buffer, { from = -1, until = 1 }: Term, extension: Buffer): Buffer {
    const version = value(0xa0, value(0x02, Buffer.from([2])));
    const serial = value(0x02, Buffer.from([1]));
    const term = value(0x30, utcTime(from), utcTime(until));
    const extensions = value(0xa3, value(0x30, extension));
    const body = value(0x30, version, serial, ECDSA_SHA256, commonName(this.#name), term, commonName(name), spki, extensions);
    const signature = sign('sha256', body, this.#key);
    return value(0x30, body, ECDSA_SHA256, value(0x03, Buffer.from([0]), signature));
  }
}

const ECDSA_SHA256 = value(0x30, Buffer.from('06082a8648ce3d040302', 'hex'));
const IS_AUTHORITY = Buffer.from('300f0603551d130101ff040530030101ff', 'hex');
/** The name of a host, where nobody looks at the common name any more. */
const ALT_LOCALHOST = value(0x30, Buffer.from('0603551d11', 'hex'), value(0x04, value(0x30, value(0x82, Buffer.from('localhost')))));

function newKey(): { readonly key: string; readonly spki: Buffer } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return { key: privateKey, spki: publicKey };
}

function pem(der: Buffer): string {
  return new X509Certificate(der).toString();
}

function commonName(name: string): Buffer {
  return value(0x30, value(0x31, value(0x30, Buffer.from('0603550403', 'hex'), value(0x0c, Buffer.from(name)))));
}

function utcTime(days: number): Buffer {
  const at = new Date(Date.now() + days * 86_400_000).toISOString();
  return value(0x17, Buffer.from(`${at.replace(/[-:T]/g, '').slice(2, 14)}Z`));
}

/** One value in ASN.1's DER: tag, length, content. */
function value(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
