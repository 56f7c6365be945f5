import type { Decision } from '../policy/decision.ts';
import type { Explanation } from '../policy/explain.ts';
import type { Subject } from '../policy/facts.ts';
import { SessionError } from '../sessions/errors.ts';
import type { RevokeResult } from '../sessions/session-store.ts';
import { type AskedConfirmation, askedConfirmation, pathAfter } from './interruption/asked-confirmation.ts';
import type { Reauthenticated, SignIn } from './authentication.ts';
import type { RequestContext } from './request-context.ts';
import { auditRevocation } from './auditing.ts';
import { listSubject, matchesKind, revokeKind, type SessionSummary } from './session-directory.ts';

/** What `signIn` and `reauthenticated` give back once the session is stored. */
export interface SignedIn {
  /** For the header transport: what the client sends as `Authorization: Bearer`. Shown once; hand it over in the body. */
  readonly token: string | undefined;
  readonly subject: Subject;
  /** Epoch milliseconds of the store's clock at which the session ends whatever happens; `undefined` without an absolute limit. */
  readonly expiresAt: number | undefined;
}

// Here, and not where the property is defined: only declarations that the public surface leads to reach the users of the package.
declare global {
  namespace Express {
    interface Request {
      /** The policy's view of this request, and what can be done to its session. */
      sessionPolicy: SessionControl;
    }
  }
}

/** `req.sessionPolicy`: the policy's view of this request, and what can be done to its session. */
export interface SessionControl {
  /** Name of the app that the request belongs to. */
  readonly app: string;
  /** Name of its profile. */
  readonly profile: string;
  /** Who is signed in. */
  readonly subject: Subject | undefined;
  /** What was decided about this request. */
  readonly decision: Decision;
  /** The decision with every check, the time left of every limit, and what reporting conditions would have done. */
  explain(): Explanation;
  /**
   * Starts a session for a subject, under a new id. What the visitor had before is left behind but for `keep`. Resolves when it is
   * stored, so an answer sent afterwards is true.
   *
   * @throws {TypeError} for a subject, method or `how` that is none.
   * @throws {SessionError} `ERR_SESSION_LIMIT`, `ERR_SUBJECT_KIND`, `ERR_REMEMBERED_REFUSED`, `ERR_LEVEL_UNKNOWN`,
   * `ERR_SESSION_ENDED`, `ERR_STORE_UNAVAILABLE`
   * @example
   * await req.sessionPolicy.signIn({ subject: { id: user.id, kind: 'user' }, amr: ['pwd'], level: 'aal1' });
   */
  signIn(input: SignIn): Promise<SignedIn>;
  /**
   * Records that the subject has just shown again who they are (OIDC `auth_time`): new id, idle and gap start anew, the absolute
   * limit stays. It meets a step-up that asks for no more than this. If the request brings what the person was asked (`return_to` or
   * `resume` in the query or body), it is for that action.
   *
   * @throws {TypeError} for a subject, method or instant that is none.
   * @throws {SessionError} `ERR_SESSION_ENDED`, `ERR_SUBJECT_MISMATCH`, `ERR_LEVEL_UNKNOWN`, `ERR_AUTHENTICATION_OLD`,
   * `ERR_STORE_UNAVAILABLE`
   * @example
   * if (await checkTotp(req.body.code)) await req.sessionPolicy.reauthenticated({ amr: ['otp'], level: 'aal2' });
   */
  reauthenticated(input?: Reauthenticated): Promise<SignedIn>;
  /**
   * What the person was sent to confirm, and for which action; `undefined` if the request brings nothing that we signed for this session.
   *
   * @throws {SessionError} `ERR_STORE_UNAVAILABLE`
   * @example
   * const asked = await req.sessionPolicy.asked();
   * res.render('confirm', { action: asked?.description, needs: asked?.level });
   */
  asked(): Promise<AskedConfirmation | undefined>;
  /**
   * Ends the session and tells the browser to forget it (`Clear-Site-Data`). Resolves when that is stored. On a shared device this is
   * how one person makes room for the next; a sign-in over a running session does the same.
   *
   * @throws {SessionError} `ERR_STORE_UNAVAILABLE` if it is not known to be stored, `ERR_SESSION_ENDED` if the session goes on under a
   * newer id.
   */
  signOut(): Promise<void>;
  /**
   * The subject's live sessions, in all apps, for a page on which people see and end their own (ASVS 5.0, 7.5.2).
   *
   * @throws {SessionError} `ERR_SESSION_ENDED` if nobody is signed in, `ERR_STORE_UNAVAILABLE`
   */
  sessions(): Promise<readonly SessionSummary[]>;
  /**
   * Ends every session of the subject but this one, as after a changed password (ASVS 5.0, 7.4.3).
   *
   * @throws {SessionError} `ERR_SESSION_ENDED` if nobody is signed in, `ERR_STORE_UNAVAILABLE`
   */
  revokeOthers(): Promise<RevokeResult>;
  /**
   * Where the person goes on, as signed by us into the URL of the sign-in or reauthentication page: the page they came from, or the form
   * that was kept for them; `fallback` without one. Always a path of this origin.
   */
  returnTo(fallback?: string): string;
}

const CONTROLS = new WeakMap<RequestContext, SessionControl>();

export function sessionControl(context: RequestContext): SessionControl {
  const known = CONTROLS.get(context);
  if (known !== undefined) return known;
  const made = new ContextControl(context);
  CONTROLS.set(context, made);
  return made;
}

class ContextControl implements SessionControl {
  readonly #context: RequestContext;

  constructor(context: RequestContext) {
    this.#context = context;
  }

  get app(): string {
    return this.#context.runtime.app.name;
  }

  get profile(): string {
    return this.#context.runtime.app.profile.name;
  }

  get subject(): Subject | undefined {
    return this.#context.loaded?.record.subject;
  }

  get decision(): Decision {
    return this.#context.decision;
  }

  explain(): Explanation {
    return this.#context.explain();
  }

  signIn(input: SignIn): Promise<SignedIn> {
    return neverUnhandled(this.#context.handle.signIn(input).then(() => this.#signedIn()));
  }

  async asked(): Promise<AskedConfirmation | undefined> {
    return askedConfirmation(this.#context);
  }

  reauthenticated(input: Reauthenticated = {}): Promise<SignedIn> {
    return neverUnhandled(this.#context.handle.reauthenticate(input).then(() => this.#signedIn()));
  }

  signOut(): Promise<void> {
    return neverUnhandled(this.#context.handle.signOut());
  }

  async sessions(): Promise<readonly SessionSummary[]> {
    const owner = this.#owner();
    const sessions = await listSubject(this.#context.engine, owner.id, this.#context.loaded?.ref);
    return sessions.filter((one) => matchesKind(one, owner));
  }

  async revokeOthers(): Promise<RevokeResult> {
    const { loaded, engine } = this.#context;
    const owner = this.#owner();
    // The session that replaced this one would be among the others.
    if (loaded === undefined || loaded.record.rotatedAt > 0)
      throw new SessionError('ERR_SESSION_ENDED', 401, 'the session was replaced by a newer one');
    const result = await revokeKind(engine, owner, { except: loaded.ref });
    auditRevocation(engine, owner, undefined);
    return result;
  }

  returnTo(fallback = '/'): string {
    return pathAfter(this.#context) ?? fallback;
  }

  #owner(): Subject {
    const { subject } = this;
    if (subject === undefined) throw new SessionError('ERR_SESSION_ENDED', 401, 'nobody is signed in');
    return subject;
  }

  #signedIn(): SignedIn {
    const { loaded, handle, decision } = this.#context;
    const record = loaded?.record;
    if (record?.subject === undefined) throw new SessionError('ERR_SESSION_ENDED', 401, 'the session has ended meanwhile');
    const absolute = decision.requirement?.absolute;
    const startedAt = decision.requirement?.absoluteFrom === 'reauthentication' ? record.authenticatedAt : record.createdAt;
    return { token: handle.token, subject: record.subject, expiresAt: absolute === undefined ? undefined : startedAt + absolute.ms };
  }
}

/** The answer waits for the work and tells its failure, also where the caller did not wait: that must not end the process. */
function neverUnhandled<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}
