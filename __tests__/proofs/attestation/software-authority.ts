import 'reflect-metadata';
import { KeyObject, webcrypto } from 'node:crypto';
import { BasicConstraintsExtension, cryptoProvider, Extension, X509CertificateGenerator } from '@peculiar/x509';

type Keys = Awaited<ReturnType<typeof newKeys>>;

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

cryptoProvider.set(webcrypto as unknown as Parameters<typeof cryptoProvider.set>[0]);

export async function newKeys() {
  return webcrypto.subtle.generateKey(EC, true, ['sign', 'verify']);
}

/** What a certificate says that is not the same in all of them. */
export interface CertificateChanges {
  readonly name?: string;
  readonly keys?: Keys;
  readonly isAuthority?: boolean;
  readonly from?: number;
  readonly until?: number;
  readonly extensions?: readonly { readonly id: string; readonly value: Uint8Array; readonly isCritical?: boolean }[];
}

export interface Issued {
  readonly der: Buffer;
  readonly pem: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** A maker of devices: a root and an authority under it, made at an instant for a year either way. */
export class SoftwareAuthority {
  readonly #now: number;
  readonly #rootKeys: Keys;
  readonly #issuerKeys: Keys;
  readonly root: Issued;
  readonly issuer: Issued;

  private constructor(now: number, rootKeys: Keys, issuerKeys: Keys, root: Issued, issuer: Issued) {
    this.#now = now;
    this.#rootKeys = rootKeys;
    this.#issuerKeys = issuerKeys;
    this.root = root;
    this.issuer = issuer;
  }

  /** @param changes What is different about the authority under the root. */
  static async at(now: number, changes: CertificateChanges = {}): Promise<SoftwareAuthority> {
    const [rootKeys, issuerKeys] = await Promise.all([newKeys(), changes.keys ?? newKeys()]);
    const root = await certificate({ name: 'CN=Root', isAuthority: true, keys: rootKeys }, 'CN=Root', rootKeys, now);
    const issuer = await certificate({ name: 'CN=Issuer', isAuthority: true, ...changes, keys: issuerKeys }, 'CN=Root', rootKeys, now);
    return new SoftwareAuthority(now, rootKeys, issuerKeys, root, issuer);
  }

  /** The leaf of a chain, and the chain as devices send it, the leaf first. */
  async issue(changes: CertificateChanges = {}): Promise<Issued & { readonly chain: readonly Buffer[] }> {
    const leaf = await certificate(
      { name: 'CN=Leaf', ...changes, keys: changes.keys ?? (await newKeys()) },
      'CN=Issuer',
      this.#issuerKeys,
      this.#now,
    );
    return { ...leaf, chain: [leaf.der, this.issuer.der, this.root.der] };
  }

  /** The root issued anew, for the same key. */
  async sameRootAgain(changes: CertificateChanges): Promise<Issued> {
    return certificate({ name: 'CN=Root', isAuthority: true, ...changes, keys: this.#rootKeys }, 'CN=Root', this.#rootKeys, this.#now);
  }
}

async function certificate(
  { name = 'CN=Leaf', keys, isAuthority = false, from, until, extensions = [] }: CertificateChanges & { readonly keys: Keys },
  issuer: string,
  signingKeys: Keys,
  now: number,
): Promise<Issued> {
  const made = await X509CertificateGenerator.create({
    subject: name,
    issuer,
    notBefore: new Date(from ?? now - 365 * DAY_MS),
    notAfter: new Date(until ?? now + 365 * DAY_MS),
    signingAlgorithm: EC,
    publicKey: keys.publicKey as never,
    signingKey: signingKeys.privateKey as never,
    extensions: [
      new BasicConstraintsExtension(isAuthority, undefined, true),
      ...extensions.map(({ id, value, isCritical }) => new Extension(id, isCritical ?? false, Buffer.from(value))),
    ],
  });
  const der = Buffer.from(made.rawData);
  return { der, pem: made.toString('pem'), privateKey: KeyObject.from(keys.privateKey), publicKey: KeyObject.from(keys.publicKey) };
}
