import type { Request, Response } from 'express';
import type session from 'express-session';
import type { RequestContext } from './request-context.ts';
import { interceptResponses } from './response-gate.ts';
import { type SessionControl, sessionControl } from './session-control.ts';

/** Where a request carries its context: one property, since every further one on a request costs time. */
const CONTEXT: unique symbol = Symbol('express-session-policy');

interface Carrier {
  [CONTEXT]?: RequestContext;
}

/** The context of a request, if the middleware has seen it. */
export function contextOf(req: object): RequestContext | undefined {
  return (req as Carrier)[CONTEXT];
}

/** Makes the context known to guards and handlers. */
export function carry(req: Request, res: Response, context: RequestContext): void {
  (req as Carrier)[CONTEXT] = context;
  const { app } = req;
  if (app !== undefined && prepared.has(app)) return;
  const root = rootOf(app);
  prepare(root?.request ?? req, root?.response ?? res);
  if (app !== undefined) prepared.add(app);
}

interface MountedApp {
  readonly parent?: MountedApp;
  readonly request: object;
  readonly response: object;
}

const prepared = new WeakSet<object>();

/** The outermost Express app: what its prototypes have, requests and responses have in every app that is mounted in it. */
function rootOf(app: unknown): MountedApp | undefined {
  let root = app as MountedApp | undefined;
  while (root?.parent !== undefined) root = root.parent;
  return root;
}

/** Done once for each Express app; where there is no Express, for each request. */
function prepare(request: object, response: object): void {
  if (!Object.hasOwn(request, 'sessionPolicy')) Object.defineProperties(request, PROPERTIES);
  interceptResponses(response, (res) => (res.req === undefined ? undefined : contextOf(res.req)?.gate));
}

const PROPERTIES: PropertyDescriptorMap & ThisType<Request> = {
  session: {
    configurable: true,
    enumerable: true,
    get(): session.Session | undefined {
      return contextOf(this)?.handle.object;
    },
    set(value: (session.Session & Partial<session.SessionData>) | null | undefined) {
      const context = contextOf(this);
      if (context === undefined) setOwn(this, 'session', value);
      else context.handle.object = value;
    },
  },
  sessionID: {
    configurable: true,
    enumerable: true,
    get(): string | undefined {
      return contextOf(this)?.handle.id;
    },
    set(value: unknown) {
      setOwn(this, 'sessionID', value);
    },
  },
  sessionStore: {
    configurable: true,
    enumerable: true,
    get(): session.Store | undefined {
      return contextOf(this)?.engine.settings.store;
    },
    set(value: unknown) {
      setOwn(this, 'sessionStore', value);
    },
  },
  sessionPolicy: {
    configurable: true,
    enumerable: true,
    get(): SessionControl | undefined {
      const context = contextOf(this);
      return context === undefined ? undefined : sessionControl(context);
    },
  },
};

/** Other session middleware on other paths of the same Express app puts its own values there. On our requests they are fixed. */
function setOwn(req: object, name: 'session' | 'sessionID' | 'sessionStore', value: unknown): void {
  if (contextOf(req) !== undefined) throw new TypeError(`req.${name} cannot be set: the session policy made it`);
  Object.defineProperty(req, name, { configurable: true, enumerable: true, writable: true, value });
}
