import { stepUpClause } from './clause.ts';
import type { DeviceTrust, ProfileDocument } from './document.ts';
import { type Duration, durationMs } from './duration.ts';
import type { CompiledDbsc, CompiledProfile } from './policy.ts';
import type { Preset } from './presets.ts';
import { trustRank } from './requirement.ts';

/** A proof that was copied counts for as long (RFC 9449 section 11.1). */
export const LONGEST_DPOP_WINDOW: Duration = '60s';
/** Browsers prove themselves anew when two minutes are left, and sign six times in nine minutes at most. */
export const SHORTEST_DBSC_PROOF: Duration = '5m';
export const LONGEST_DBSC_PROOF: Duration = '10m';
/** Whoever enrols a device has authenticated this recently, or more so where the profile asks for that. */
const ENROLMENT_MAX_AGE: Duration = '15m';

/** What a profile says about the device, beside the demand itself. */
export function compileDevice(
  document: ProfileDocument,
  preset: Preset | undefined,
): Pick<CompiledProfile, 'deviceFallback' | 'enrolment' | 'dpop' | 'offline'> {
  const { dpop, enrolment, offline } = document;
  return {
    deviceFallback: document.deviceFallback ?? 'refuse',
    enrolment: { maxAgeMs: durationMs(ENROLMENT_MAX_AGE, 'enrolment.maxAge'), ...stepUpClause(enrolment).stepUp },
    dpop: {
      windowMs: durationMs(dpop?.window ?? LONGEST_DPOP_WINDOW, 'dpop.window'),
      nonceRequired: (dpop?.nonce ?? preset?.dpopNonce) === 'required',
    },
    offline: offline === undefined ? undefined : { leaseMs: durationMs(offline.lease, 'offline.lease'), scopes: offline.scopes },
  };
}

/** @param asked Every trust that something in the document asks of a device of the app. */
export function compileDbsc(profile: CompiledProfile, asked: readonly (DeviceTrust | undefined)[]): CompiledDbsc | undefined {
  const { dbsc } = profile.document;
  if (dbsc === false || profile.transport !== 'cookie') return undefined;
  const recommended = profile.shared ? undefined : profile.recommendedTrust;
  return {
    proofMs: durationMs(dbsc?.proofLifetime ?? LONGEST_DBSC_PROOF, 'dbsc.proofLifetime'),
    atSignIn: dbsc !== undefined || [...asked, recommended].some(isKeyAsked),
  };
}

function isKeyAsked(trust: DeviceTrust | undefined): boolean {
  return trust !== undefined && trustRank(trust) >= trustRank('bound');
}
