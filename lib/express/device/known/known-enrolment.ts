import { freshness } from '../../../policy/freshness.ts';
import type { CompiledProfile } from '../../../policy/policy.ts';
import { type Clause, tighten } from '../../../policy/requirement.ts';
import { SessionError } from '../../../sessions/errors.ts';
import type { RequestContext } from '../../request-context.ts';
import { gone } from '../../stored-session.ts';

const CLAUSES = new WeakMap<CompiledProfile, Clause>();

/** What a profile asks of who enrols a device, as a clause: made once. */
export function enrolmentClause(profile: CompiledProfile): Clause {
  const known = CLAUSES.get(profile);
  if (known !== undefined) return known;
  const made: Clause = Object.freeze({ source: `profile:${profile.name}`, access: 'authenticated', stepUp: profile.enrolment });
  CLAUSES.set(profile, made);
  return made;
}

/**
 * Makes sure that the person may enrol the device that they use: as strongly and as recently authenticated as the profile asks, and on a
 * device that is theirs. Where that has to be for once only, the authentication is spent.
 *
 * @throws {SessionError} `ERR_ENROLMENT_REFUSED`, `ERR_SESSION_ENDED` if nobody is signed in, `ERR_STORE_UNAVAILABLE`
 */
export async function checkEnrolment(context: RequestContext): Promise<void> {
  const { loaded, now, runtime } = context;
  if (loaded?.record.subject === undefined || loaded.record.rotatedAt > 0) throw gone();
  const { profile, rule } = runtime.app;
  if (profile.shared) throw refused('several people use this device, so it is nobody’s own');
  const asked = tighten(rule.requirement, enrolmentClause(profile), profile.stepUpDefaults).stepUp;
  const isFresh = asked !== undefined && freshness(loaded.record, asked, profile.stepUpDefaults.rankOf, now) === 'fresh';
  if (!isFresh) throw refused(`enrolling a device needs a confirmation as the enrolment of profile "${profile.name}" asks for`);
  if (asked.once !== undefined && !(await context.spend())) throw refused('the confirmation was used already');
}

function refused(message: string): SessionError {
  return new SessionError('ERR_ENROLMENT_REFUSED', 403, message);
}
