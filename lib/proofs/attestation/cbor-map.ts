import { decodeCBOR } from '@levischuck/tiny-cbor';
import { EvidenceError } from '../evidence/evidence-error.ts';

/** A map of CBOR (RFC 8949), with texts or numbers as keys. */
export type CborMap = ReadonlyMap<unknown, unknown>;

/** @throws {EvidenceError} unless the bytes are one map and nothing else. */
export function decodeMap(what: string, bytes: Uint8Array): CborMap {
  try {
    // A copy: it reads the whole buffer that a view lies in.
    return asMap(what, decodeCBOR(new Uint8Array(bytes)));
  } catch {
    throw new EvidenceError(`${what} is no map of CBOR`);
  }
}

/** @throws {EvidenceError} unless it is a map. */
export function asMap(what: string, value: unknown): CborMap {
  if (!(value instanceof Map)) throw new EvidenceError(`${what} is no map of CBOR`);
  return value as CborMap;
}

/** @throws {EvidenceError} unless it is a string of bytes that is as long as it says: one that is cut off is decoded as what there is. */
export function bytesIn(map: CborMap, key: string): Buffer {
  const value = map.get(key);
  if (!(value instanceof Uint8Array)) throw new EvidenceError(`${key} is missing in the CBOR`);
  return Buffer.from(value);
}
