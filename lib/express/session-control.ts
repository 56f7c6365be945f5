import type { Decision } from '../policy/decision.ts';
import type { Explanation } from '../policy/explain.ts';
import type { Subject } from '../policy/facts.ts';
import { SessionError } from '../sessions/errors.ts';
import type { TokenScheme } from '../proofs/session-header.ts';
import type { RevokeResult } from '../sessions/session-store.ts';
import { type AskedConfirmation, askedConfirmation, pathAfter } from './interruption/asked-confirmation.ts';
import type { Reauthenticated, SignIn } from './authentication.ts';
import { ContextDevice, type DeviceControl } from './device/device-control.ts';
import { leaseOffline, type OfflineLease } from './offline/offline-lease.ts';
import { type OfflineReport, type OfflineReturn, settleOffline } from './offline/offline-return.ts';
import type { RequestContext } from './request-context.ts';
import { auditRevocation } from './auditing.ts';
import { listSubject, matchesKind, revokeKind, type SessionSummary } from './session-directory.ts';

/** What `signIn` and `reauthenticated` give back once the session is stored. */
export interface SignedIn {
  /** For the header transport: what the client sends in `Authorization`. Shown once; hand it over in the body. */
  readonly token: string | undefined;
  /**
   * How it is sent: `Bearer` (RFC 6750), or `DPoP` (RFC 9449) if it is bound to the key that the sign-in proved: then every request needs a proof
   * of that key. `undefined` without a token.
   */
  readonly tokenType: TokenScheme | undefined;
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
  /** What is known of the device that the request comes from, and what can be shown of it. */
  readonly device: DeviceControl;
  /** What a phone may go on with while it has no connection. */
  readonly offline: OfflineControl;
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
   * Gives a native client another token for the same session, as it should have one from time to time: one that was copied unnoticed is good
   * for a while only. Nothing else changes: neither the limits nor what the person has confirmed begin anew. The old token answers reads for five
   * seconds more. A client that did not get the answer has to sign in again.
   *
   * @throws {TypeError} for a profile with cookies, which get a new id with every `reauthenticated()`.
   * @throws {SessionError} `ERR_SESSION_ENDED`, `ERR_STORE_UNAVAILABLE`
   * @example
   * app.post('/token', async (req, res) => res.json(await req.sessionPolicy.renew()));
   */
  renew(): Promise<SignedIn>;
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

/**
 * `req.sessionPolicy.offline`: what a native app may go on with while it has no connection. Both calls are for a session that is bound to a key
 * by DPoP (RFC 9449), on a request that proves it.
 */
export interface OfflineControl {
  /**
   * A signed lease, bound to the device's key, for as long as the profile's `offline` says and no longer than the session could last. It opens
   * nothing online: it is what the app checks by itself, and what `settle` takes back. A device may hold several; the 64 newest are known.
   *
   * @param options `scopes`: some of those of the profile's `offline`. Default: all of them.
   * @throws {TypeError} for scopes that the profile does not have.
   * @throws {SessionError} `ERR_LEASE_REFUSED` if the profile has no offline lease, `ERR_DEVICE_UNBOUND`, `ERR_SESSION_ENDED`, `ERR_STORE_UNAVAILABLE`
   * @example
   * res.json(await req.sessionPolicy.offline.lease({ scopes: ['visits:write'] }));
   */
  lease(options?: { readonly scopes?: readonly string[] }): Promise<OfflineLease>;
  /**
   * Takes what was done under a lease, and says of each thing whether it counts and why not. An action is accepted once, in order, until the
   * lease ends: of any number of parallel calls, one gets `accepted`. Sent again, as after an answer that was lost, it is `accepted_before`.
   * Another session of the same subject, bound to the same key, may bring back what was done under one that ran out; what was done under one
   * that somebody ended is refused.
   *
   * @param input What the phone sent. Whatever it is, there is a report about it.
   * @throws {SessionError} `ERR_DEVICE_UNBOUND`, `ERR_SESSION_ENDED`, `ERR_STORE_UNAVAILABLE`
   * @example
   * const report = await req.sessionPolicy.offline.settle(req.body);
   * for (const { id, outcome, action } of report.actions) if (outcome !== 'refused') await carryOutOnce(id, action);
   * res.json(report);
   */
  settle(input: OfflineReturn): Promise<OfflineReport>;
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
    const { decision, runtime } = this.#context;
    // Nothing is decided while the store is out; a layout of the page that says so may still ask.
    return (decision as Decision | undefined) ?? runtime.app.rule.verdict('deny', 'store_unavailable', 'keep', undefined);
  }

  explain(): Explanation {
    return this.#context.explain();
  }

  get device(): DeviceControl {
    return new ContextDevice(this.#context);
  }

  get offline(): OfflineControl {
    return {
      lease: (options = {}) => leaseOffline(this.#context, options),
      settle: (input) => settleOffline(this.#context, input),
    };
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

  async renew(): Promise<SignedIn> {
    if (this.#context.runtime.app.profile.transport !== 'header') {
      throw new TypeError(
        `renew() is for profiles with transport: header, and app "${this.app}" has cookies; reauthenticated() gives those a new id`,
      );
    }
    return neverUnhandled(this.#context.handle.renew().then(() => this.#signedIn()));
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
    const expiresAt = absolute === undefined ? undefined : startedAt + absolute.ms;
    const { token } = handle;
    const tokenType = record.device?.binding?.by === 'dpop' ? 'DPoP' : 'Bearer';
    return { token, tokenType: token === undefined ? undefined : tokenType, subject: record.subject, expiresAt };
  }
}

/** The answer waits for the work and tells its failure, also where the caller did not wait: that must not end the process. */
function neverUnhandled<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}
