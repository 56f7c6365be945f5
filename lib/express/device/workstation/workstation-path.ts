import type { CompiledApp } from '../../../policy/policy.ts';

/** Below the app's `deviceUrl`. */
export const ENROLMENT = '/enroll';

/** Where a workstation is enrolled: a path on the app's host. */
export function enrolmentPath({ deviceUrl }: CompiledApp): string {
  return deviceUrl + ENROLMENT;
}
