import type { DeviceTrust } from './document.ts';
import { isCredible } from './instant.ts';
import { trustRank } from './requirement.ts';

/** How a key proves that a device still holds it: with every request (`dpop`, `mtls`), every few minutes (`dbsc`), or when a person uses it (`passkey`). */
export type BindingMethod = 'dbsc' | 'dpop' | 'mtls' | 'passkey';

/** The key that a session is bound to, once and for all. */
export interface DeviceBinding {
  readonly by: BindingMethod;
  /** Thumbprint of the public key or certificate: SHA-256, base64url (RFC 7638; RFC 8705 section 3.1). */
  readonly key: string;
  /** When it was last recorded to have proved itself. */
  readonly provenAt: number;
}

/** What somebody else says of the device with that key. */
export interface DeviceVoucher {
  /** When they said so. */
  readonly at: number;
  /** When it stops being true. */
  readonly until: number;
}

/** What a session knows of the device that it is used from. Instants are epoch milliseconds of the store's clock. */
export interface SessionDevice {
  /** The enrolled device whose credential came with the sign-in or enrolment. */
  readonly known?: { readonly id: string; readonly at: number } | undefined;
  readonly binding?: DeviceBinding | undefined;
  readonly attested?: DeviceVoucher | undefined;
  readonly managed?: DeviceVoucher | undefined;
  /** The workstation that the session was begun on, where an administrator has enrolled it. The session is good there and nowhere else. */
  readonly workstation?: { readonly id: string } | undefined;
}

/** What a request has proved of the device, as the proofs found it. Nothing in it is unsigned. */
export interface PresentedDevice {
  /** The enrolled device whose credential the request carries. */
  readonly known?: string | undefined;
  /** The enrolled workstation that several people use, and when it was last seen to be one. */
  readonly workstation?: { readonly id: string; readonly at: number } | undefined;
  /** Keys that have proved themselves, with or before the request. */
  readonly keys?: readonly DeviceBinding[] | undefined;
  /** A proof that was presented and is none: the request is refused, whatever else it brings. */
  readonly fault?: 'device_proof_invalid' | 'device_nonce_required' | undefined;
}

/** What a passkey proved counts for this long: nothing on the requests in between shows that the key is still there. */
export const PASSKEY_PROOF_MS = 600_000;

/** No proof of a key counts for longer, whoever found it good. */
const LONGEST_PROOF_MS = 600_000;

/** The instant of what never happened: older than any age. */
const NEVER = Number.NEGATIVE_INFINITY;
const FOREVER = Number.POSITIVE_INFINITY;
const NO_KEYS: readonly DeviceBinding[] = [];

/**
 * Whether the device has proved as much as is asked, recently enough. Each level implies the ones below it: who holds the session's key has
 * a known device, and what somebody vouches for counts only together with the proof of the key that it is about.
 */
export function isProven(
  device: SessionDevice | undefined,
  presented: PresentedDevice | undefined,
  trust: DeviceTrust,
  maxAgeMs: number | undefined,
  now: number,
): boolean {
  const rank = trustRank(trust);
  const boundAt = keyProvenAt(device, presented, now);
  let at = NEVER;
  if (rank <= 1) at = Math.max(at, recognisedAt(device, presented, now));
  if (rank <= 2) at = Math.max(at, boundAt);
  if (rank <= 3) at = Math.max(at, vouchedAt(device?.attested, boundAt, now));
  if (rank <= 4) at = Math.max(at, vouchedAt(device?.managed, boundAt, now));
  return at !== NEVER && (maxAgeMs === undefined || now - at <= maxAgeMs);
}

/**
 * Until when it has proved that, if nothing is proved anew: infinite where nothing ends it, before `now` where it has not. Keys that prove
 * themselves with every request don't run out.
 *
 * @param browserProofMs How long one proof of a browser counts.
 */
export function provenUntil(
  device: SessionDevice | undefined,
  presented: PresentedDevice | undefined,
  asked: { readonly trust: DeviceTrust; readonly maxAgeMs: number | undefined },
  browserProofMs: number,
  now: number,
): number {
  const boundAt = keyProvenAt(device, presented, now);
  const boundUntil = boundAt === NEVER ? NEVER : boundAt + proofLifetime(device?.binding?.by, browserProofMs);
  const ways = [
    { at: recognisedAt(device, presented, now), until: FOREVER },
    { at: boundAt, until: boundUntil },
    { at: vouchedAt(device?.attested, boundAt, now), until: Math.min(boundUntil, device?.attested?.until ?? FOREVER) },
    { at: vouchedAt(device?.managed, boundAt, now), until: Math.min(boundUntil, device?.managed?.until ?? FOREVER) },
  ].filter(({ at }, index) => at !== NEVER && index + 1 >= trustRank(asked.trust));
  return Math.max(NEVER, ...ways.map(({ at, until }) => Math.min(until, at + (asked.maxAgeMs ?? FOREVER))));
}

function proofLifetime(by: BindingMethod | undefined, browserProofMs: number): number {
  if (by === 'passkey') return PASSKEY_PROOF_MS;
  return by === 'dbsc' ? browserProofMs : FOREVER;
}

/** When the device was enrolled that the request comes from, by a person for this session or by an administrator for many. */
function recognisedAt(device: SessionDevice | undefined, presented: PresentedDevice | undefined, now: number): number {
  const known = device?.known !== undefined && presented?.known === device.known.id ? credible(device.known.at, now) : NEVER;
  return presented?.workstation !== undefined && isAtWorkstation(device, presented)
    ? Math.max(known, credible(presented.workstation.at, now))
    : known;
}

/** Whether the request comes from the workstation that the session was begun on: another one is as foreign as any device. */
export function isAtWorkstation(device: SessionDevice | undefined, presented: PresentedDevice | undefined): boolean {
  return device?.workstation !== undefined && device.workstation.id === presented?.workstation?.id;
}

/** When the key that the session is bound to last proved itself: that key, by that method, and no other. */
function keyProvenAt(device: SessionDevice | undefined, presented: PresentedDevice | undefined, now: number): number {
  const binding = device?.binding;
  if (binding === undefined) return NEVER;
  if (binding.by === 'passkey') return now - binding.provenAt < PASSKEY_PROOF_MS ? credible(binding.provenAt, now) : NEVER;
  let at = NEVER;
  for (const proof of presented?.keys ?? NO_KEYS) {
    const isOfIt = proof.by === binding.by && proof.key === binding.key && now - proof.provenAt < LONGEST_PROOF_MS;
    if (isOfIt) at = Math.max(at, credible(proof.provenAt, now));
  }
  return at;
}

/** A voucher is for the key: it is as old as the older of the two, and without the key's proof it says nothing about this request. */
function vouchedAt(voucher: DeviceVoucher | undefined, boundAt: number, now: number): number {
  if (voucher === undefined || boundAt === NEVER || !(now < voucher.until)) return NEVER;
  return Math.min(boundAt, credible(voucher.at, now));
}

function credible(at: number, now: number): number {
  return isCredible(at, now) ? at : NEVER;
}
