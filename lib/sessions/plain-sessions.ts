import { hash } from 'node:crypto';
import type { Request } from 'express';
import type session from 'express-session';
import { isDataText } from './data-entries.ts';
import type { Retention, SessionChanges, SessionRecord, SessionRef } from './session-record.ts';
import { SessionStore } from './session-store.ts';

type Callback<T = void> = (error?: unknown, value?: T) => void;
type Entries = Record<string, unknown>;

/** What express-session calls the app and profile of its sessions here. */
const PLAIN = 'plain';
/** How long a session lives that has no `cookie.maxAge`, as with other stores. */
const DEFAULT_MAX_AGE_MS = 86_400_000;
const NO_CHANGES: SessionChanges = new Map();

/**
 * The `Store` of express-session on top of a session store, so that `session({ store })` can be moved from step by step.
 *
 * Kept there too: what ended stays ended (a late save of a slow request changes nothing), only changed top-level entries are written,
 * every call answers within the deadline, a lifetime is enforced on reading. Weaker there: no policy decides, the answer can
 * leave before the save is known to have worked, sessions have no subject and so can't be listed or revoked by subject or counted,
 * and `rolling`, `resave` and `saveUninitialized` do what express-session says. Failures go to the callback; `disconnect` is never emitted,
 * since express-session would then go on without a session.
 */
export abstract class PlainSessions extends SessionStore {
  /** The data text that a session object was made from, to find out what changed in it. */
  readonly #loaded = new WeakMap<object, string>();

  override get(sid: string, callback: Callback<session.SessionData | null>): void {
    answer(this.#load(sid), callback);
  }

  override set(sid: string, data: session.SessionData, callback?: Callback): void {
    answer(this.#store(sid, data), callback);
  }

  override destroy(sid: string, callback?: Callback): void {
    answer(
      this.end(plainRef(sid), 'signed_out').then(() => undefined),
      callback,
    );
  }

  override touch(sid: string, data: session.SessionData, callback?: Callback): void {
    answer(this.#touch(sid, data), callback);
  }

  override createSession(req: Request, data: session.SessionData): session.Session & session.SessionData {
    const loaded = this.#loaded.get(data);
    const object = super.createSession(req, data);
    if (loaded !== undefined) this.#loaded.set(object, loaded);
    return object;
  }

  async #load(sid: string): Promise<session.SessionData | null> {
    const ref = plainRef(sid);
    const { record, now } = await this.read(ref);
    if (record === undefined) return null;
    const data = parse(record.data);
    const maxAge = maxAgeOf(data?.cookie);
    if (data === undefined || now - record.lastActiveAt >= maxAge) {
      await this.end(ref, data === undefined ? 'session_invalid' : 'idle_timeout');
      return null;
    }
    if (typeof data.cookie.originalMaxAge === 'number') data.cookie.expires = new Date(record.lastActiveAt + maxAge);
    this.#loaded.set(data, record.data);
    return data;
  }

  async #store(sid: string, object: session.SessionData): Promise<void> {
    const ref = plainRef(sid);
    const loaded = this.#loaded.get(object);
    const entries = entryTexts(object);
    if (loaded !== undefined) await this.#save(ref, object, changesBetween(loaded, entries));
    else await this.#create(ref, object, entries);
    this.#loaded.set(object, dataText(entries));
  }

  async #save(ref: SessionRef, object: session.SessionData, changes: SessionChanges): Promise<void> {
    const at = await this.now();
    const saved = changes.size === 0 ? undefined : this.save(ref, changes);
    await Promise.all([saved, this.recordActivity(ref, at, retentionOf(object))]);
  }

  /** A session object that did not come from this store, under an id that the store may know: then it takes the place of what is there. */
  async #create(ref: SessionRef, object: session.SessionData, entries: ReadonlyMap<string, string>): Promise<void> {
    const draft = { subject: undefined, fresh: false, level: undefined, methods: [], data: dataText(entries) };
    const { outcome } = await this.create(ref, draft, retentionOf(object));
    if (outcome === 'created') return;
    const { record } = await this.read(ref);
    if (record !== undefined) await this.#save(ref, object, changesBetween(record.data, entries));
  }

  async #touch(sid: string, object: session.SessionData): Promise<void> {
    await this.recordActivity(plainRef(sid), await this.now(), retentionOf(object));
  }
}

/** express-session expects an answer that does not come while it is still asking; a callback that throws is its own affair. */
function answer<T>(work: Promise<T>, callback: Callback<T> | undefined): void {
  work.then(
    (value) => setImmediate(() => callback?.(null, value)),
    (error: unknown) => setImmediate(() => callback?.(error)),
  );
}

function plainRef(sid: string): SessionRef {
  const digest = hash('sha256', String(sid), 'base64url');
  return { app: PLAIN, profile: PLAIN, tag: digest.slice(0, 16), digest: digest.slice(0, 22) };
}

function parse(data: SessionRecord['data']): session.SessionData | undefined {
  try {
    const value = JSON.parse(data) as Entries;
    const cookie = soundCookie(value['cookie']);
    return isDataText(data) && cookie !== undefined ? ({ ...value, cookie } as session.SessionData) : undefined;
  } catch {
    return undefined;
  }
}

/** express-session's `Cookie` throws, or never answers, when a stored field has the wrong type. */
const COOKIE_FIELDS: Readonly<Record<string, readonly string[]>> = {
  httpOnly: ['boolean'],
  path: ['string'],
  domain: ['string'],
  secure: ['boolean', 'string'],
  sameSite: ['boolean', 'string'],
  partitioned: ['boolean'],
  priority: ['string'],
};

function soundCookie(stored: unknown): session.Cookie | undefined {
  if (stored === null || typeof stored !== 'object') return undefined;
  const fields = stored as Entries;
  const kept = Object.entries(COOKIE_FIELDS).filter(([name, kinds]) => kinds.includes(typeof fields[name]));
  const { originalMaxAge } = fields;
  const maxAge = typeof originalMaxAge === 'number' && Number.isFinite(originalMaxAge) ? originalMaxAge : null;
  return { ...Object.fromEntries(kept.map(([name]) => [name, fields[name]])), originalMaxAge: maxAge } as session.Cookie;
}

function maxAgeOf(cookie: session.Cookie | undefined): number {
  const maxAge: unknown = cookie?.originalMaxAge;
  return typeof maxAge === 'number' && Number.isFinite(maxAge) ? maxAge : DEFAULT_MAX_AGE_MS;
}

function retentionOf(object: session.SessionData): Retention {
  return { idleMs: Math.max(1_000, maxAgeOf(object.cookie)), absoluteMs: undefined };
}

/** JSON text by entry. The cookie's expiry is left out: it follows from the last activity, and would make every session look changed. */
function entryTexts(object: session.SessionData): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  const { cookie, ...entries } = JSON.parse(JSON.stringify(object)) as Entries & { cookie: Entries };
  const { expires: _expires, ...kept } = cookie;
  for (const [key, value] of Object.entries({ cookie: { originalMaxAge: null, ...kept }, ...entries }))
    texts.set(key, JSON.stringify(value));
  return texts;
}

function dataText(entries: ReadonlyMap<string, string>): string {
  return `{${[...entries].map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(',\n')}}`;
}

function changesBetween(loaded: string, entries: ReadonlyMap<string, string>): SessionChanges {
  const now = dataText(entries);
  if (loaded === now) return NO_CHANGES;
  const before = new Set(loaded.slice(1, -1).split(',\n'));
  const gone = Object.keys(JSON.parse(loaded) as Entries).filter((key) => !entries.has(key));
  const changed = [...entries].filter(([key, text]) => !before.has(`${JSON.stringify(key)}:${text}`));
  return new Map<string, string | undefined>([...changed, ...gone.map((key) => [key, undefined] as const)]);
}
