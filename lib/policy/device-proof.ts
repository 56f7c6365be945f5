import type { DeviceTrust } from './document.ts';
import type { SessionFacts } from './facts.ts';
import { isCredible } from './instant.ts';
import { trustRank } from './requirement.ts';

/** Whether the device of a session has proved as much as is asked, recently enough. */
export function isProven(device: SessionFacts['device'], trust: DeviceTrust, maxAgeMs: number | undefined, now: number): boolean {
  if (device === undefined || !(trustRank(device.trust) >= trustRank(trust)) || !isCredible(device.provenAt, now)) return false;
  return maxAgeMs === undefined || now - device.provenAt <= maxAgeMs;
}
