import type session from 'express-session';
import type { EndReason } from '../policy/reason.ts';
import type { Reauthentication, SessionChanges, SessionRecord } from '../sessions/session-record.ts';
import type { NewSessionId } from '../sessions/session-id.ts';
import { confirmedAction } from './interruption/asked-confirmation.ts';
import { type CheckedAuthentication, checkReauthentication, checkSignIn, type Reauthenticated, type SignIn } from './authentication.ts';
import { auditLifecycle } from './auditing.ts';
import { policySession, type SessionKeeper } from './policy-session.ts';
import type { LoadedSession, RequestContext } from './request-context.ts';
import { changedEntries, formatData, parseData, type SessionEntries } from './session-data.ts';
import { signInByLibrary } from './library-sign-in.ts';
import { clearBoundCookie } from './device/browser/bound-cookie.ts';
import { offerBrowserBinding } from './device/browser/browser-binding.ts';
import { deviceAtSignIn, deviceOfVisitor, keepKeyOf } from './device/device-at-sign-in.ts';
import { confirmKnown } from './device/known/known-devices.ts';
import { clearSessionCookie, sendSessionCookie, sessionCookie } from './session-cookies.ts';
import { forgetOnShared } from './shared-device.ts';
import { forgetPersonAndCookies } from './site-data.ts';
import { SessionWork } from './session-work.ts';
import { gone, type Stored, storeNew, storeRotated, unread } from './stored-session.ts';

type SessionObject = session.Session & Partial<session.SessionData>;

/** The session of one request: `req.session`, and every change of it on its way to the store. */
export class SessionHandle implements SessionKeeper {
  readonly #context: RequestContext;
  #object: SessionObject | null | undefined;
  #cookieMaxAge: number | null = null;
  #fresh: NewSessionId | undefined;
  readonly #work = new SessionWork();

  constructor(context: RequestContext) {
    this.#context = context;
  }

  /** `req.session`. Read from the record when somebody looks; `undefined` after it was destroyed or unset. */
  get object(): SessionObject | undefined {
    if (this.#object === undefined) {
      const { loaded } = this.#context;
      this.#object = this.#hydrate(loaded?.entries ?? parseData(loaded?.record.data ?? '{}') ?? {});
    }
    return this.#object ?? undefined;
  }

  set object(value: SessionObject | null | undefined) {
    this.#object = value ?? null;
  }

  /** The session id that the client has, or will have if the session is kept. */
  get id(): string {
    return this.#context.loaded?.id ?? this.#newId().id;
  }

  /** What a native client sends as its bearer token, if this request made one. */
  get token(): string | undefined {
    const { loaded, runtime } = this.#context;
    return runtime.app.profile.transport === 'header' && loaded !== undefined ? runtime.ids.sign(loaded.id) : undefined;
  }

  signIn(input: SignIn): Promise<SessionRecord> {
    return this.#work.run(async () => {
      const authentication = checkSignIn(this.#context, input);
      this.#refuseReplaced();
      const kept = Object.fromEntries(this.#context.onSharedDevice ? [] : (input.keep ?? []).flatMap((key) => this.#entry(key)));
      const loaded = await this.#begin(authentication, formatData(kept), 'session_rotated');
      auditLifecycle(this.#context, 'sign_in', loaded.record.subject);
      return loaded.record;
    });
  }

  reauthenticate(input: Reauthenticated): Promise<SessionRecord> {
    return this.#work.run(async () => {
      const { level, methods, at } = checkReauthentication(this.#context, input);
      if (this.#context.loaded?.record.subject === undefined) throw gone();
      const authenticatedFor = confirmedAction(this.#context, at, input?.resume);
      return this.#rotate('reauthenticated', { level, methods, at, authenticatedFor });
    });
  }

  /** Another token for the same session, for a client that holds one. */
  renew(): Promise<SessionRecord> {
    return this.#work.run(() => this.#rotate('renewed', undefined));
  }

  signOut(): Promise<void> {
    return this.#work.run(() => this.#signOut().then(() => forgetPersonAndCookies(this.#context)));
  }

  saveNow(): Promise<void> {
    return this.#work.run(async () => {
      const { ephemeral, loaded } = this.#context;
      if (loaded !== undefined && this.#hasChanged(loaded)) this.#refuseReplaced();
      await this.#store();
      if (ephemeral && this.#context.loaded === undefined && this.#hasEntries()) throw unread();
    });
  }

  reloadNow(): Promise<void> {
    return this.#work.run(async () => {
      const { loaded, engine } = this.#context;
      const found = loaded && (await engine.settings.store.read(loaded.ref));
      const entries = found?.record === undefined ? undefined : parseData(found.record.data);
      if (loaded === undefined || found?.record === undefined || entries === undefined) throw gone();
      this.#context.use({ ...loaded, record: found.record, entries });
      this.#object = undefined;
    }, 'reads');
  }

  destroyNow(): Promise<void> {
    return this.#work.run(async () => {
      await this.#signOut();
      this.#object = null;
    });
  }

  regenerateNow(): Promise<void> {
    return this.#work.run(() => this.#end(this.#context.loaded?.record.subject === undefined ? 'session_rotated' : 'signed_out'));
  }

  /** Called when the answer wants to leave. `undefined`: nothing to store. */
  commit(): Promise<void> | undefined {
    if (this.#work.isIdle) return this.#isUntouched() ? undefined : this.#store();
    return this.#finish();
  }

  async #finish(): Promise<void> {
    // The status is read now: an error handler may still change it while the answer waits. And who was told that it failed must not
    // find out later that the half of it was done.
    if (await this.#work.finish(this.#context.res.statusCode)) await this.#store();
  }

  #isUntouched(): boolean {
    if (this.#object === undefined || this.#object === null) return true;
    const { loaded } = this.#context;
    return loaded === undefined ? !this.#hasEntries() : !this.#hasChanged(loaded) && !this.#cookieChanged();
  }

  #hasEntries(): boolean {
    return Object.keys(this.#object ?? {}).some((key) => key !== 'cookie');
  }

  #hasChanged(loaded: LoadedSession): boolean {
    return Boolean(this.#object) && this.#changes(loaded).size > 0;
  }

  /** Writes what changed, makes the session if there is none yet, or takes a sign-in that another library made. */
  async #store(): Promise<void> {
    if (this.#object === undefined || this.#object === null) return;
    const { loaded, ephemeral } = this.#context;
    if (loaded !== undefined && loaded.record.rotatedAt > 0) return;
    const changes = loaded === undefined ? undefined : this.#changes(loaded);
    const changed = changes === undefined ? this.#hasEntries() : changes.size > 0;
    const signedIn = changed ? signInByLibrary(this.#context) : undefined;
    if (signedIn !== undefined) return this.#adoptSignIn(signedIn, changes);
    if (loaded === undefined || changes === undefined) return changed && !ephemeral ? this.#createAnonymous() : undefined;
    if (changed) await this.#save(loaded, changes);
    if (this.#cookieChanged()) sendSessionCookie(this.#context, loaded.id, this.#object.cookie);
  }

  async #save(loaded: LoadedSession, changes: SessionChanges): Promise<void> {
    const result = await this.#context.engine.settings.store.save(loaded.ref, changes);
    if (result === 'gone') throw gone();
    this.#context.use({ ...loaded, record: { ...loaded.record, data: formatData(this.#entries()) }, entries: undefined });
  }

  async #createAnonymous(): Promise<void> {
    const { cameWithRotatedId, runtime } = this.#context;
    // A slow request of the visitor who has just signed in must not replace the new cookie; without cookies nobody would come back to it.
    if (cameWithRotatedId || runtime.app.profile.transport !== 'cookie') return;
    const draft = { subject: undefined, fresh: false, level: undefined, methods: [], device: deviceOfVisitor(this.#context) };
    const next = this.#newId();
    this.#adopt(next, await storeNew(this.#context, next, { ...draft, data: formatData(this.#entries()) }), true);
  }

  async #adoptSignIn(signIn: SignIn, changes: SessionChanges | undefined): Promise<void> {
    const authentication = checkSignIn(this.#context, signIn);
    // What another subject had in the session is not for this one, nor what a visitor had who may have been another person.
    if (this.#context.loaded?.record.subject !== undefined) this.#keepOnly(changes);
    if (this.#context.onSharedDevice && changes !== undefined) this.#keepOnly(changes);
    const data = formatData(this.#entries());
    const { record } = await this.#begin(authentication, data, 'session_rotated', true);
    auditLifecycle(this.#context, 'sign_in', record.subject);
  }

  /** A new session for a subject in the place of whatever was there: created first, then the old one is ended. */
  async #begin(authentication: CheckedAuthentication, data: string, why: EndReason, keepObject = false): Promise<LoadedSession> {
    const { engine, runtime, loaded } = this.#context;
    const { app } = runtime;
    const next = engine.ids.generate(app.name, app.profile.name, authentication.subject?.id);
    const { subject, fresh, level, methods, client, impersonated } = authentication;
    const device = subject === undefined ? undefined : await deviceAtSignIn(this.#context, subject, impersonated);
    // A session of the same subject counts against the limit, which the new one takes over from it.
    const endsFirst = runtime.limit !== undefined && loaded?.record.subject?.id === subject?.id;
    if (loaded !== undefined && endsFirst) await engine.settings.store.end(loaded.ref, why);
    const result = await storeNew(this.#context, next, { subject, fresh, level, methods, data, client, device });
    if (loaded !== undefined && !endsFirst) await engine.settings.store.end(loaded.ref, why);
    forgetOnShared(this.#context);
    const adopted = this.#adopt(next, result, keepObject);
    if (device?.known !== undefined) await confirmKnown(this.#context);
    offerBrowserBinding(this.#context, 'sign-in');
    return this.#context.loaded ?? adopted;
  }

  /** Puts a new id in the place of the old one; with an authentication, that begins anew what it begins anew. */
  async #rotate(why: 'reauthenticated' | 'renewed', reauthentication: Reauthentication | undefined): Promise<SessionRecord> {
    const { loaded, engine } = this.#context;
    if (loaded?.record.subject === undefined) throw gone();
    if (this.#hasChanged(loaded)) await this.#save(loaded, this.#changes(loaded));
    await keepKeyOf(this.#context);
    const next = engine.ids.successor(loaded.ref);
    const result = await storeRotated(this.#context, loaded, next, reauthentication);
    this.#adopt(next, result);
    auditLifecycle(this.#context, why, result.record.subject);
    return result.record;
  }

  #adopt(next: NewSessionId, result: Stored, keepObject = false): LoadedSession {
    const loaded: LoadedSession = { id: next.id, ref: next.ref, record: result.record };
    const entries = keepObject && this.#object ? this.#entries() : undefined;
    const cookie = this.#object?.cookie;
    this.#fresh = undefined;
    this.#context.cameWithRotatedId = false;
    this.#context.sessionGoesOn = false;
    this.#context.use(loaded);
    this.#context.decide(result.now);
    this.#object = entries === undefined ? undefined : this.#hydrate(entries);
    sendSessionCookie(this.#context, next.id, keepObject && cookie !== undefined ? cookie : sessionCookie(this.#context));
    return loaded;
  }

  /** Ends the session of the client, which must be the one that the request knows of. */
  async #signOut(): Promise<void> {
    if (this.#context.cameWithRotatedId) throw gone();
    await this.#end('signed_out');
  }

  async #end(reason: EndReason): Promise<void> {
    const { engine, loaded, sessionUnread, sessionGoesOn } = this.#context;
    if (sessionUnread) throw unread();
    if (sessionGoesOn) throw gone();
    const result = loaded === undefined ? undefined : await engine.settings.store.end(loaded.ref, reason);
    if (loaded !== undefined && result?.ended === 0 && (await this.#wasReplaced(loaded))) throw gone();
    if (reason === 'signed_out' && loaded?.record.subject !== undefined) auditLifecycle(this.#context, 'sign_out', loaded.record.subject);
    this.#context.use(undefined);
    this.#fresh = undefined;
    this.#object = undefined;
    forgetOnShared(this.#context);
    if (loaded === undefined) return;
    clearSessionCookie(this.#context);
    clearBoundCookie(this.#context);
  }

  /** A confirmation in another tab can come first: the session then goes on under the id that it made. */
  async #wasReplaced({ ref }: LoadedSession): Promise<boolean> {
    const { record } = await this.#context.engine.settings.store.read(ref);
    return (record?.rotatedAt ?? 0) > 0;
  }

  /** A session that goes on under a newer id is not changed under the old one. */
  #refuseReplaced(): void {
    if ((this.#context.loaded?.record.rotatedAt ?? 0) > 0) throw gone();
  }

  #hydrate(entries: SessionEntries): SessionObject {
    const cookie = sessionCookie(this.#context);
    this.#cookieMaxAge = cookie.originalMaxAge;
    return policySession(this.#context.req, this, entries, cookie);
  }

  #cookieChanged(): boolean {
    return this.#object !== null && this.#object !== undefined && this.#object.cookie?.originalMaxAge !== this.#cookieMaxAge;
  }

  #changes(loaded: LoadedSession): ReturnType<typeof changedEntries> {
    return changedEntries(loaded.record.data, this.#object as unknown as SessionEntries);
  }

  #entries(): SessionEntries {
    const { cookie: _cookie, ...entries } = this.#object as unknown as Record<string, unknown>;
    return entries;
  }

  #keepOnly(changes: SessionChanges | undefined): void {
    const object = this.#object as unknown as Record<string, unknown>;
    for (const key of Object.keys(this.#entries())) if (changes?.has(key) !== true) Reflect.deleteProperty(object, key);
  }

  #entry(key: string): readonly (readonly [string, unknown])[] {
    const object = this.object as unknown as Record<string, unknown> | undefined;
    return object !== undefined && Object.hasOwn(object, key) ? [[key, object[key]]] : [];
  }

  #newId(): NewSessionId {
    const { engine, runtime } = this.#context;
    this.#fresh ??= engine.ids.generate(runtime.app.name, runtime.app.profile.name);
    return this.#fresh;
  }
}
