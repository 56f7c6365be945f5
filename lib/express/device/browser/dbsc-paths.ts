import type { CompiledApp } from '../../../policy/policy.ts';

/** What is answered below an app's `deviceUrl` for browsers that prove a key. */
export const DBSC_PATHS = {
  register: '/dbsc/register',
  refresh: '/dbsc/refresh',
  check: '/dbsc/check',
  script: '/dbsc/page.js',
} as const;

/** Path on the app's host. */
export function dbscPath({ deviceUrl }: CompiledApp, what: keyof typeof DBSC_PATHS): string {
  return deviceUrl + DBSC_PATHS[what];
}
