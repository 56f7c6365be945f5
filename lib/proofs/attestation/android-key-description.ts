import type { X509Certificate } from 'node:crypto';
import {
  AttestationApplicationId,
  type AuthorizationList,
  id_ce_keyDescription,
  NonStandardKeyDescription,
  NonStandardKeyMintKeyDescription,
} from '@peculiar/asn1-android';
import { AsnConvert, type OctetString } from '@peculiar/asn1-schema';
import { EvidenceError } from '../evidence/evidence-error.ts';
import { extensionOf } from './certificate-extension.ts';

/** What the secure hardware says of a key, as far as it decides. */
export interface KeyDescription {
  readonly challenge: Buffer;
  /** The weaker of the two: of the attestation, and of the key. 0 software, 1 trusted environment, 2 StrongBox. */
  readonly securityLevel: number;
  /** Whether the device is locked and has started nothing but what its maker signed. */
  readonly isBootVerified: boolean;
  /** Whether the key was made in the hardware, and can sign. */
  readonly isSigningKey: boolean;
  /** Whether any app may use it. */
  readonly isForAllApps: boolean;
  /** The apps that share the user id of the one that made the key. */
  readonly packages: readonly string[];
  /** SHA-256 of the certificates that they are signed with, hex. */
  readonly signatureDigests: readonly string[];
}

const KEYMINT_FROM = 300;
const PURPOSE_SIGN = 2;
const ORIGIN_GENERATED = 0;
const VERIFIED = 0;

/**
 * Reads the description of the key that a chain is about. Only the leaf may have one: if an authority had one, too, that would be a key of an
 * app, which could have signed whatever it liked.
 *
 * @throws {EvidenceError}
 */
export function readKeyDescription(chain: readonly X509Certificate[]): KeyDescription {
  const [own, ...others] = chain.map((certificate) => extensionOf(certificate, id_ce_keyDescription));
  if (own === undefined || others.some((one) => one !== undefined))
    throw new EvidenceError('the leaf, and it alone, has to describe a key');
  const description = parse(own);
  const { softwareEnforced, teeEnforced, attestationSecurityLevel, keymasterSecurityLevel, attestationChallenge } = description;
  const inSoftware = softwareEnforced as Authorizations;
  const inHardware = teeEnforced as Authorizations;
  const root = inHardware.findProperty('rootOfTrust');
  return {
    challenge: Buffer.from(attestationChallenge.buffer),
    securityLevel: Math.min(attestationSecurityLevel, keymasterSecurityLevel),
    isBootVerified: root?.deviceLocked === true && Number(root.verifiedBootState) === VERIFIED,
    isSigningKey:
      inHardware.findProperty('origin') === ORIGIN_GENERATED && [...(inHardware.findProperty('purpose') ?? [])].includes(PURPOSE_SIGN),
    isForAllApps: [inSoftware, inHardware].some((list) => list.findProperty('allApplications') !== undefined),
    ...appOf(inSoftware.findProperty('attestationApplicationId')),
  };
}

interface Authorizations {
  findProperty<K extends keyof AuthorizationList>(key: K): AuthorizationList[K] | undefined;
}

/** The fields have other names from a version on. */
function parse(extension: ArrayBuffer): NonStandardKeyDescription {
  const description = AsnConvert.parse(extension, NonStandardKeyDescription);
  return description.attestationVersion < KEYMINT_FROM ? description : AsnConvert.parse(extension, NonStandardKeyMintKeyDescription);
}

function appOf(encoded: OctetString | undefined): Pick<KeyDescription, 'packages' | 'signatureDigests'> {
  if (encoded === undefined) return { packages: [], signatureDigests: [] };
  const { packageInfos, signatureDigests } = AsnConvert.parse(encoded.buffer, AttestationApplicationId);
  return {
    packages: packageInfos.map(({ packageName }) => bytes(packageName).toString()),
    signatureDigests: signatureDigests.map((digest) => bytes(digest).toString('hex')),
  };
}

/** The library declares a string of octets and may give the buffer itself. */
function bytes(octets: OctetString | ArrayBuffer): Buffer {
  return Buffer.from('buffer' in octets ? octets.buffer : octets);
}
