import { createHash, hash, KeyObject, randomBytes, sign } from 'node:crypto';
import { encodeCBOR } from '@levischuck/tiny-cbor';
import { type CertificateChanges, newKeys, type SoftwareAuthority } from './software-authority.ts';

export const ORIGIN = 'https://shop.example.com';
export const RP_ID = 'shop.example.com';
export const AAGUID = 'cb69481e-8ff7-4039-93ec-0a2729a154a8';
const MAKER = 'C=SE, O=Maker, OU=Authenticator Attestation, CN=Key';
const ALWAYS = { from: Date.UTC(2020, 0, 1), until: Date.UTC(2045, 0, 1) } as const;

/** What a registration says beyond or in place of what it should say. */
export interface RegistrationChanges {
  readonly origin?: string;
  readonly rpId?: string;
  readonly aaguid?: string;
  readonly flags?: number;
  readonly leaf?: CertificateChanges;
  /** Signed by the new key itself, or by nobody. */
  readonly attestation?: 'self' | 'none';
}

/** A registration as a browser answers it, with attestation "direct", the thumbprint of the new key (RFC 7638), and the key itself. */
export async function register(authority: SoftwareAuthority, challenge: string, changes: RegistrationChanges = {}) {
  const { origin = ORIGIN, leaf = {}, attestation } = changes;
  const keys = await newKeys();
  const jwk = await crypto.subtle.exportKey('jwk', keys.publicKey as never);
  const { x = '', y = '' } = jwk as { x?: string; y?: string };
  const id = randomBytes(32);
  const authData = authenticatorData(changes, id, coseKey(x, y));
  const clientDataJSON = Buffer.from(JSON.stringify({ type: 'webauthn.create', challenge, origin, crossOrigin: false }));
  const signed = Buffer.concat([authData, hash('sha256', clientDataJSON, 'buffer')]);
  const issued = await authority.issue({ name: MAKER, ...ALWAYS, ...leaf, ...(attestation === 'self' && { keys }) });
  const statement = new Map<string, unknown>([
    ['alg', -7],
    ['sig', new Uint8Array(sign('sha256', signed, issued.privateKey))],
    ...(attestation === 'self' ? [] : ([['x5c', issued.chain.slice(0, 2).map((der) => new Uint8Array(der))]] as const)),
  ]);
  const object = new Map<string, unknown>([
    ['fmt', attestation === 'none' ? 'none' : 'packed'],
    ['attStmt', attestation === 'none' ? new Map() : statement],
    ['authData', new Uint8Array(authData)],
  ]);
  const response = {
    id: id.toString('base64url'),
    rawId: id.toString('base64url'),
    type: 'public-key',
    clientExtensionResults: {},
    response: {
      clientDataJSON: clientDataJSON.toString('base64url'),
      attestationObject: Buffer.from(encodeCBOR(object as never)).toString('base64url'),
      transports: ['usb'],
    },
  };
  const members = `{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`;
  const thumbprint = createHash('sha256').update(members).digest('base64url');
  return { response, thumbprint, publicKey: coseKey(x, y), privateKey: KeyObject.from(keys.privateKey as never) };
}

function authenticatorData({ rpId = RP_ID, aaguid = AAGUID, flags = 0x45 }: RegistrationChanges, id: Buffer, key: Uint8Array): Buffer {
  const head = Buffer.concat([hash('sha256', rpId, 'buffer'), Buffer.from([flags, 0, 0, 0, 0])]);
  return Buffer.concat([head, Buffer.from(aaguid.replaceAll('-', ''), 'hex'), Buffer.from([0, id.length]), id, key]);
}

function coseKey(x: string, y: string): Uint8Array {
  const entries: readonly (readonly [number, unknown])[] = [
    [1, 2],
    [3, -7],
    [-1, 1],
    [-2, new Uint8Array(Buffer.from(x, 'base64url'))],
    [-3, new Uint8Array(Buffer.from(y, 'base64url'))],
  ];
  return encodeCBOR(new Map(entries) as never);
}
