import { hash, type KeyObject, type X509Certificate } from 'node:crypto';
import { AsnConvert, AsnProp, AsnType, AsnTypeTypes, OctetString } from '@peculiar/asn1-schema';
import { EvidenceError } from '../evidence/evidence-error.ts';
import { readAttestedData } from './authenticator-data.ts';
import { asMap, bytesIn, decodeMap } from './cbor-map.ts';
import { verifyChain } from './certificate-chain.ts';
import { extensionOf } from './certificate-extension.ts';

/** What an attestation has to be about. */
export interface AttestationRule {
  /** SHA-256 of the client data. */
  readonly clientDataHash: Buffer;
  /** SHA-256 of `<team>.<bundle>` of each app that may come. */
  readonly appIdHashes: readonly Buffer[];
  readonly isProduction: boolean;
  readonly roots: readonly X509Certificate[];
  readonly now: number;
}

const NONCE_EXTENSION = '1.2.840.113635.100.8.2';
const PRODUCTION = Buffer.from('appattest\0\0\0\0\0\0\0');
const DEVELOPMENT = Buffer.from('appattestdevelop');
/** Where the point begins in the DER of a P-256 public key. */
const POINT_BYTES = 65;

/**
 * Verifies an attestation object of App Attest, step by step as Apple's "Validating apps that connect to your server" has it.
 *
 * @param keyId The SHA-256 of the public key that the app names it by.
 * @returns The key that Apple vouches for.
 * @throws {EvidenceError}
 */
export function verifyAttestationObject(object: Buffer, keyId: Buffer, rule: AttestationRule): KeyObject {
  const decoded = decodeMap('the attestation object', object);
  if (decoded.get('fmt') !== 'apple-appattest') throw new EvidenceError('the attestation object is of another format');
  const authData = bytesIn(decoded, 'authData');
  const [leaf] = verifyChain(asMap('the attestation statement', decoded.get('attStmt')).get('x5c'), rule.roots, rule.now);
  const nonce = hash('sha256', Buffer.concat([authData, rule.clientDataHash]), 'buffer');
  if (leaf === undefined || !nonceOf(leaf).equals(nonce))
    throw new EvidenceError('the attestation is for another challenge or key of the session');
  checkKeyId(leaf.publicKey, keyId);
  checkAttestedData(authData, keyId, rule);
  return leaf.publicKey;
}

function checkKeyId(key: KeyObject, keyId: Buffer): void {
  const point = key.export({ type: 'spki', format: 'der' }).subarray(-POINT_BYTES);
  const isP256 = key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
  if (!isP256 || !hash('sha256', point, 'buffer').equals(keyId)) throw new EvidenceError('the attestation is about another App Attest key');
}

function checkAttestedData(authData: Buffer, keyId: Buffer, { appIdHashes, isProduction }: AttestationRule): void {
  const { rpIdHash, counter, aaguid, credentialId } = readAttestedData(authData);
  if (!appIdHashes.some((one) => one.equals(rpIdHash))) throw new EvidenceError('the attestation is about another app');
  if (counter !== 0) throw new EvidenceError('the counter of the attestation is not 0');
  if (!aaguid.equals(isProduction ? PRODUCTION : DEVELOPMENT)) throw new EvidenceError('the attestation is of another environment');
  if (!credentialId.equals(keyId)) throw new EvidenceError('the attestation is about another App Attest key');
}

/** `SEQUENCE { nonce [1] EXPLICIT OCTET STRING }` */
class AttestedNonce {
  nonce: OctetString = new OctetString();
}
AsnType({ type: AsnTypeTypes.Sequence })(AttestedNonce);
AsnProp({ type: OctetString, context: 1 })(AttestedNonce.prototype, 'nonce');

function nonceOf(leaf: X509Certificate): Buffer {
  const extension = extensionOf(leaf, NONCE_EXTENSION);
  if (extension === undefined) throw new EvidenceError('the certificate has no nonce');
  return Buffer.from(AsnConvert.parse(extension, AttestedNonce).nonce.buffer);
}
