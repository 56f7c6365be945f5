import type { Request } from 'express';
import session from 'express-session';
import type { SessionEntries } from './session-data.ts';

/** What a `req.session` object asks of the request that it belongs to. */
export interface SessionKeeper {
  saveNow(): Promise<void>;
  reloadNow(): Promise<void>;
  destroyNow(): Promise<void>;
  regenerateNow(): Promise<void>;
}

type Callback = (error?: unknown) => void;

// @types/express-session keeps the constructor private; it takes the request and the data.
const Session = session.Session as unknown as new (req: Request, entries: SessionEntries) => session.Session;

class PolicySession extends Session {
  readonly #keeper: SessionKeeper;

  constructor(req: Request, keeper: SessionKeeper, entries: SessionEntries, cookie: session.Cookie) {
    super(req, entries);
    this.#keeper = keeper;
    this.cookie = cookie;
  }

  override save(callback?: Callback): this {
    settle(this.#keeper.saveNow(), callback);
    return this;
  }

  override reload(callback: Callback): this {
    settle(this.#keeper.reloadNow(), callback);
    return this;
  }

  override destroy(callback?: Callback): this {
    settle(this.#keeper.destroyNow(), callback);
    return this;
  }

  override regenerate(callback: Callback): this {
    settle(this.#keeper.regenerateNow(), callback);
    return this;
  }

  /** Activity is recorded by the policy, so there is nothing to do; kept for code that calls it. */
  override touch(): this {
    return this;
  }
}

/** Without a callback a failure is not lost: the keeper answers the request with it. */
function settle(work: Promise<void>, callback: Callback | undefined): void {
  work.then(
    () => callback?.(),
    (error: unknown) => callback?.(error),
  );
}

/**
 * A `req.session`: express-session's own class with the same methods, carried out by our session layer. Every callback is called
 * after the store has answered.
 */
export function policySession(
  req: Request,
  keeper: SessionKeeper,
  entries: SessionEntries,
  cookie: session.Cookie,
): session.Session & Partial<session.SessionData> {
  return new PolicySession(req, keeper, entries, cookie);
}
