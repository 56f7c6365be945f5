import type { Decision } from '../policy/decision.ts';
import type { RequestContext } from './request-context.ts';
import { clearSessionCookie } from './session-cookies.ts';
import { forgetPerson } from './site-data.ts';

/** Makes the browser forget who used it, where several people do. Cookies that this answer sets are those of the next person, and stay. */
export function forgetOnShared(context: RequestContext): void {
  if (context.onSharedDevice) forgetPerson(context);
}

/** Who left a shared device without signing out is forgotten as soon as the browser shows up with what is left of their session. */
export function forgetEnded(context: RequestContext, { reason, session }: Decision): void {
  const { ended } = context.facts;
  if (!context.onSharedDevice || (session !== 'end' && ended === undefined)) return;
  // The one that took its place may be on its way to the browser, and what would be cleared could be of the next person.
  if (reason === 'session_rotated' || ended === 'session_rotated') return;
  forgetPerson(context);
  clearSessionCookie(context);
}
