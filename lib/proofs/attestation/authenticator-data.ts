import { EvidenceError } from '../evidence/evidence-error.ts';

/** What an authenticator says of itself (WebAuthn, section 6.1), as far as App Attest uses it. */
export interface AuthenticatorData {
  readonly rpIdHash: Buffer;
  readonly counter: number;
}

/** The same, with the key that was made. */
export interface AttestedData extends AuthenticatorData {
  readonly aaguid: Buffer;
  readonly credentialId: Buffer;
}

const COUNTER_AT = 33;
const AAGUID_AT = 37;
const LENGTH_AT = 53;
const ID_AT = 55;

/** @throws {EvidenceError} for what is too short. */
export function readAuthenticatorData(bytes: Buffer): AuthenticatorData {
  if (bytes.length < AAGUID_AT) throw new EvidenceError('the authenticator data is cut off');
  return { rpIdHash: bytes.subarray(0, 32), counter: bytes.readUInt32BE(COUNTER_AT) };
}

/** @throws {EvidenceError} for what is too short. */
export function readAttestedData(bytes: Buffer): AttestedData {
  const end = bytes.length < ID_AT ? Number.POSITIVE_INFINITY : ID_AT + bytes.readUInt16BE(LENGTH_AT);
  if (bytes.length < end) throw new EvidenceError('the authenticator data is cut off');
  return { ...readAuthenticatorData(bytes), aaguid: bytes.subarray(AAGUID_AT, LENGTH_AT), credentialId: bytes.subarray(ID_AT, end) };
}
