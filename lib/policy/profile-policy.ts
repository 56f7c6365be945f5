import { compilePolicy } from './compile.ts';
import type { PresetName, ProfileDocument } from './document.ts';
import type { PolicyFault } from './errors.ts';
import type { Policy } from './policy.ts';
import { invalidPolicy, validatePolicy } from './validate.ts';

/**
 * The policy of one app, named `app`, that every request belongs to.
 *
 * @throws {PolicyError} `ERR_POLICY_INVALID` with every fault of the profile.
 * @example profilePolicy({ preset: 'staff-web', idle: '5m' })
 */
export function profilePolicy(profile: PresetName | ProfileDocument): Policy<'app', 'app'> {
  // Without types the profile may be missing; a field that is undefined would only look forgotten here.
  const own = typeof profile === 'string' ? { preset: profile } : (profile ?? null);
  const { faults, notices, document } = validatePolicy({ version: 1, profiles: { app: own }, apps: { app: { profile: 'app' } } });
  if (document === undefined) throw invalidPolicy(faults.map((fault) => ({ ...fault, path: ownPath(fault, profile) })));
  return compilePolicy(
    document,
    // What is said of the app is not for the caller, who has written none.
    notices.filter((notice) => notice.startsWith('profiles.app')).map((notice) => notice.replace('profiles.app', 'profile')),
  ) as Policy<'app', 'app'>;
}

/** The place as the caller wrote it: there is only the profile. */
function ownPath({ path }: PolicyFault, profile: unknown): string {
  const own = path.replace(/^profiles\.app/, 'profile');
  return typeof profile === 'string' ? own.replace(/\.preset$/, '') : own;
}
