import { EvidenceError } from './evidence-error.ts';

/** Longer than any that a device makes; what is longer is not even decoded. */
const MOST_BYTES = 65_536;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/** The members of evidence, whatever they are. */
export type EvidenceFields = Readonly<Record<string, unknown>>;

/** @throws {EvidenceError} unless it is an object. */
export function fieldsOf(evidence: unknown): EvidenceFields {
  if (typeof evidence !== 'object' || evidence === null || Array.isArray(evidence)) throw new EvidenceError('the evidence is no object');
  return evidence as EvidenceFields;
}

/** @throws {EvidenceError} unless it is bytes, or base64 of either alphabet, of a size that can be evidence. */
export function bytesOf(what: string, value: unknown, most: number = MOST_BYTES): Buffer {
  if (value instanceof Uint8Array && value.length > 0 && value.length <= most) return Buffer.from(value);
  const isText = typeof value === 'string' && value.length <= Math.ceil(most / 3) * 4 && BASE64.test(value);
  if (!isText) throw new EvidenceError(`${what} is no base64, or too long`);
  return Buffer.from(value, 'base64');
}
