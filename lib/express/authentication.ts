import type { Subject } from '../policy/facts.ts';
import { SessionError } from '../sessions/errors.ts';
import type { SessionDraft } from '../sessions/session-record.ts';
import type { RequestContext } from './request-context.ts';

/** How somebody has just shown who they are. */
export interface Authentication {
  /** Authentication methods used (RFC 8176): `pwd`, `otp`, `hwk`, … Default: none known. */
  readonly amr?: readonly string[];
  /** Assurance level reached: one of the policy's `assurance`. Default: the lowest. */
  readonly level?: string;
  /** Who it was. On reauthentication it must be the subject of the session. */
  readonly subject?: Subject;
}

/** A sign-in. */
export interface SignIn extends Authentication {
  readonly subject: Subject;
  /**
   * `active` (the default): the person did something just now. Everything else starts a session that no step-up counts as fresh:
   * `remembered` (remember-me), `impersonated` (somebody acts as them), `api-key`.
   */
  readonly how?: 'active' | 'remembered' | 'impersonated' | 'api-key';
  /** Entries of `req.session` from before the sign-in to carry over, by name. Everything else is left behind. */
  readonly keep?: readonly string[];
}

/** What of a sign-in goes into a session. */
export type CheckedAuthentication = Pick<SessionDraft, 'subject' | 'fresh' | 'level' | 'methods'>;

const HOW = ['active', 'remembered', 'impersonated', 'api-key'];
const KINDS = ['user', 'service', 'agent'];
const LONGEST_ID = 256;
const METHOD = /^[A-Za-z0-9._-]{1,32}$/;

/**
 * @throws {TypeError} for a malformed sign-in.
 * @throws {SessionError} `ERR_SUBJECT_KIND`, `ERR_LEVEL_UNKNOWN`
 */
export function checkSignIn(context: RequestContext, input: SignIn): CheckedAuthentication {
  const { app } = context.runtime;
  const subject = checkSubject(input?.subject);
  if (!app.profile.subjects.includes(subject.kind)) {
    throw new SessionError(
      'ERR_SUBJECT_KIND',
      403,
      `a ${subject.kind} cannot hold a session in app "${app.name}": its profile "${app.profile.name}" is for ${app.profile.subjects.join(' and ')}`,
    );
  }
  const how = input.how ?? 'active';
  if (!HOW.includes(how)) throw new TypeError(`signIn: how must be one of ${HOW.join(', ')}`);
  return { subject, fresh: how === 'active', level: checkLevel(context, input.level), methods: checkMethods(input.amr) };
}

/** @throws {SessionError} `ERR_SUBJECT_MISMATCH` if it is somebody else, `ERR_LEVEL_UNKNOWN` */
export function checkReauthentication(context: RequestContext, input: Authentication): CheckedAuthentication {
  const running = context.loaded?.record.subject;
  const given = input?.subject === undefined ? undefined : checkSubject(input.subject);
  if (given !== undefined && running !== undefined && (given.id !== running.id || given.kind !== running.kind)) {
    throw new SessionError(
      'ERR_SUBJECT_MISMATCH',
      403,
      'somebody else authenticated: a running session can only be confirmed by its own subject',
    );
  }
  return { subject: running, fresh: true, level: checkLevel(context, input?.level), methods: checkMethods(input?.amr) };
}

function checkSubject(subject: unknown): Subject {
  const { id, kind } = (subject ?? {}) as Partial<Subject>;
  if (typeof id !== 'string' || id.length === 0 || id.length > LONGEST_ID) {
    throw new TypeError(`subject.id must be a string of 1 to ${LONGEST_ID} characters: subject: { id: String(user.id), kind: 'user' }`);
  }
  if (kind === undefined || !KINDS.includes(kind))
    throw new TypeError(`subject.kind must be one of ${KINDS.join(', ')}: subject: { id: String(user.id), kind: 'user' }`);
  return { id, kind };
}

function checkLevel(context: RequestContext, level: unknown): string {
  const { assurance } = context.inForce.policy;
  if (level === undefined) return assurance[0] as string;
  if (typeof level === 'string' && assurance.includes(level)) return level;
  throw new SessionError(
    'ERR_LEVEL_UNKNOWN',
    500,
    `level ${JSON.stringify(level)?.slice(0, 40)} is not in the policy's assurance: ${assurance.join(', ')}`,
  );
}

function checkMethods(amr: unknown): readonly string[] {
  if (amr === undefined) return [];
  if (!Array.isArray(amr) || amr.length > 16 || !amr.every((method) => typeof method === 'string' && METHOD.test(method))) {
    throw new TypeError("amr must be an array of authentication methods (RFC 8176), like ['pwd', 'otp']");
  }
  return [...new Set(amr as string[])];
}
