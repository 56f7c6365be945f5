import type { SignIn } from './authentication.ts';
import type { RequestContext } from './request-context.ts';

/** The sign-in that another library (passport, for one) made on this request, if it is not the one that the session knows. */
export function signInByLibrary({ engine, loaded, req }: RequestContext): SignIn | undefined {
  const found = engine.settings.subject?.(req);
  const known = loaded?.record.subject;
  if (found === undefined || (found.id === known?.id && found.kind === known.kind)) return undefined;
  const { amr, level, ...subject } = found;
  return { subject, ...(amr === undefined ? {} : { amr }), ...(level === undefined ? {} : { level }) };
}
