import { hash, sign, type KeyObject } from 'node:crypto';
import { encodeCBOR } from '@levischuck/tiny-cbor';
import { newKeys, SoftwareAuthority } from './software-authority.ts';

const NONCE_EXTENSION = '1.2.840.113635.100.8.2';

/** What an attestation says beyond or in place of what it should say. */
export interface AttestationChanges {
  readonly appId?: string;
  readonly counter?: number;
  readonly aaguid?: string;
  readonly credentialId?: Buffer;
  readonly fmt?: string;
  readonly nonce?: Buffer;
  readonly isTruncated?: boolean;
}

/** App Attest in software: what a phone of Apple's does, signed by an authority of the test's. */
export class SoftwareIphone {
  readonly #authority: SoftwareAuthority;
  readonly #appId: string;
  readonly #keys: Awaited<ReturnType<typeof newKeys>>;
  #counter = 0;
  #privateKey: KeyObject | undefined;
  keyId: Buffer = Buffer.alloc(32);

  constructor(authority: SoftwareAuthority, appId: string, keys: Awaited<ReturnType<typeof newKeys>>) {
    this.#authority = authority;
    this.#appId = appId;
    this.#keys = keys;
  }

  /** `attestKey` of DCAppAttestService. */
  async attest(clientDataHash: Buffer, changes: AttestationChanges = {}): Promise<Buffer> {
    const { keys, point } = { keys: this.#keys, point: await rawPoint(this.#keys) };
    this.keyId = hash('sha256', point, 'buffer');
    const {
      appId = this.#appId,
      counter = 0,
      aaguid = 'appattest\0\0\0\0\0\0\0',
      credentialId = this.keyId,
      fmt = 'apple-appattest',
    } = changes;
    const length = Buffer.from([0, credentialId.length]);
    const authData = Buffer.concat([authenticatorData(appId, 0x40, counter), Buffer.from(aaguid), length, credentialId]);
    const nonce = changes.nonce ?? hash('sha256', Buffer.concat([authData, clientDataHash]), 'buffer');
    const value = Buffer.concat([Buffer.from('3024a1220420', 'hex'), nonce]);
    const { chain, privateKey } = await this.#authority.issue({ keys, extensions: [{ id: NONCE_EXTENSION, value }] });
    this.#privateKey = privateKey;
    const attStmt = new Map<string, unknown>([
      ['x5c', chain.slice(0, 2).map((der) => new Uint8Array(der))],
      ['receipt', new Uint8Array(8)],
    ]);
    return encode([
      ['fmt', fmt],
      ['attStmt', attStmt],
      ['authData', new Uint8Array(authData)],
    ]);
  }

  /** `generateAssertion` of DCAppAttestService. */
  assert(
    clientDataHash: Buffer,
    { counter = ++this.#counter, appId = this.#appId }: { readonly counter?: number; readonly appId?: string } = {},
  ): Buffer {
    const authData = authenticatorData(appId, 0x40, counter);
    const nonce = hash('sha256', Buffer.concat([authData, clientDataHash]), 'buffer');
    const signature = sign('sha256', nonce, this.#privateKey as KeyObject);
    return encode([
      ['signature', new Uint8Array(signature)],
      ['authenticatorData', new Uint8Array(authData)],
    ]);
  }
}

export async function softwareIphone(authority: SoftwareAuthority, appId: string): Promise<SoftwareIphone> {
  return new SoftwareIphone(authority, appId, await newKeys());
}

async function rawPoint(keys: Awaited<ReturnType<typeof newKeys>>): Promise<Buffer> {
  return Buffer.from(await crypto.subtle.exportKey('raw', keys.publicKey as never));
}

function authenticatorData(appId: string, flags: number, counter: number): Buffer {
  const number = Buffer.alloc(4);
  number.writeUInt32BE(counter);
  return Buffer.concat([hash('sha256', appId, 'buffer'), Buffer.from([flags]), number]);
}

function encode(entries: readonly (readonly [string, unknown])[]): Buffer {
  return Buffer.from(encodeCBOR(new Map(entries) as never));
}
