import type { Subject } from '../policy/facts.ts';
import { SessionError } from '../sessions/errors.ts';
import { isClientText } from '../sessions/store-input.ts';
import type { Reauthentication, SessionDraft } from '../sessions/session-record.ts';
import { clientLabel } from './client-label.ts';
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
   * `remembered` (remember-me; refused on shared devices), `impersonated` (somebody acts as them), `api-key`.
   */
  readonly how?: 'active' | 'remembered' | 'impersonated' | 'api-key';
  /** Entries of `req.session` from before the sign-in to carry over, by name. Everything else is left behind; on a shared device, all. */
  readonly keep?: readonly string[];
  /**
   * What the person signed in with, in at most 64 characters, for their list of sessions. For display only: it proves nothing. Default: the
   * browser and system that the request names, like `Firefox on Linux`.
   */
  readonly client?: string;
}

/** A reauthentication. */
export interface Reauthenticated extends Authentication {
  /**
   * When it was, where somebody else saw it (OIDC `auth_time`): epoch milliseconds. It has to be newer than what the session knows of, and
   * for one action only, not from before that was asked about. Default: now.
   */
  readonly authenticatedAt?: number;
  /** What the client was asked: the `resume` of a refusal, where the request does not bring it itself. */
  readonly resume?: string;
}

/** What of a sign-in goes into a session. */
export type CheckedAuthentication = Pick<SessionDraft, 'subject' | 'fresh' | 'level' | 'methods' | 'client'> & {
  /** The device is of somebody who acts as the subject. */
  readonly impersonated?: boolean;
};

const HOW = ['active', 'remembered', 'impersonated', 'api-key'];
const KINDS = ['user', 'service', 'agent'];
const LONGEST_ID = 256;
const METHOD = /^[A-Za-z0-9._-]{1,32}$/;

/**
 * @throws {TypeError} for a malformed sign-in.
 * @throws {SessionError} `ERR_SUBJECT_KIND`, `ERR_LEVEL_UNKNOWN`, `ERR_REMEMBERED_REFUSED`
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
  if (how === 'remembered' && app.profile.shared) {
    throw new SessionError(
      'ERR_REMEMBERED_REFUSED',
      403,
      `app "${app.name}" is used on shared devices, which remember nobody: let the person sign in`,
    );
  }
  const client = checkClient(input.client) ?? clientLabel(context.req.headers['user-agent']);
  const [level, methods] = [checkLevel(context, input.level), checkMethods(input.amr)];
  return { subject, fresh: how === 'active', level, methods, client, impersonated: how === 'impersonated' };
}

/**
 * @throws {TypeError} for a malformed instant.
 * @throws {SessionError} `ERR_SUBJECT_MISMATCH` if it is somebody else, `ERR_LEVEL_UNKNOWN`, `ERR_AUTHENTICATION_OLD`
 */
export function checkReauthentication(
  context: RequestContext,
  input: Reauthenticated,
): CheckedAuthentication & Pick<Reauthentication, 'at'> {
  const running = context.loaded?.record.subject;
  const given = input?.subject === undefined ? undefined : checkSubject(input.subject);
  if (given !== undefined && running !== undefined && (given.id !== running.id || given.kind !== running.kind)) {
    throw new SessionError(
      'ERR_SUBJECT_MISMATCH',
      403,
      'somebody else authenticated: a running session can only be confirmed by its own subject',
    );
  }
  return {
    subject: running,
    fresh: true,
    at: checkInstant(context, input?.authenticatedAt),
    level: checkLevel(context, input?.level),
    methods: checkMethods(input?.amr),
  };
}

/** What was authenticated no later than we know already adds nothing, and must not pass for something new. */
function checkInstant({ loaded, now }: RequestContext, at: unknown): number | undefined {
  if (at === undefined) return undefined;
  if (!Number.isSafeInteger(at) || (at as number) <= 0) throw new TypeError('authenticatedAt must be an instant in epoch milliseconds');
  const known = Math.max(loaded?.record.authenticatedAt ?? 0, (loaded?.record.createdAt ?? 0) - 1);
  if ((at as number) > known) return Math.min(at as number, now);
  throw new SessionError('ERR_AUTHENTICATION_OLD', 403, 'the authentication is not newer than the one that the session knows of');
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

function checkClient(client: unknown): string | undefined {
  if (client === undefined || isClientText(client)) return client;
  throw new TypeError("client must be a text of 1 to 64 characters on one line, like 'Front desk'");
}

function checkMethods(amr: unknown): readonly string[] {
  if (amr === undefined) return [];
  if (!Array.isArray(amr) || amr.length > 16 || !amr.every((method) => typeof method === 'string' && METHOD.test(method))) {
    throw new TypeError("amr must be an array of authentication methods (RFC 8176), like ['pwd', 'otp']");
  }
  return [...new Set(amr as string[])];
}
