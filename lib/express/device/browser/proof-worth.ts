import { type DeviceBinding, isProven } from '../../../policy/device.ts';
import type { Decision } from '../../../policy/decision.ts';
import type { RequestContext } from '../../request-context.ts';

/**
 * Whether the demand would be met if the session's key were proved this moment, or one by this method where it has none yet. For more than
 * `bound`, what somebody said of the key has to be on record.
 */
export function isProofEnough({ loaded, now }: RequestContext, { requirement }: Decision, by: 'dbsc' | 'passkey'): boolean {
  const asked = requirement?.device;
  const device = loaded?.record.device;
  if (asked === undefined) return false;
  const binding: DeviceBinding = { ...(device?.binding ?? { by, key: '' }), provenAt: now };
  return isProven({ ...device, binding }, { keys: [binding] }, asked.trust.value, asked.maxAge?.ms, now);
}
