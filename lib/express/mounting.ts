import type { Request } from 'express';
import type { Engine } from './engine.ts';
import { SetupError } from './errors.ts';
import { contextOf } from './request-properties.ts';
import { expressTrust, type Trust } from './trusted-proxies.ts';

/** Finds out whether the middleware is mounted so that it can do its work, and whom the app trusts. */
export interface MountCheck {
  /** @throws {SetupError} `ERR_MOUNTED_TWICE`, `ERR_TRUST_PROXY` */
  check(req: Request): Trust;
}

const TRUST_NOBODY: Trust = () => false;

export function mountCheck(engine: Engine): MountCheck {
  const trusts = new WeakMap<object, Trust>();

  const trustOf = (req: Request): Trust => {
    if (engine.settings.trust !== undefined) return engine.settings.trust;
    const { app } = req;
    if (app === undefined) return TRUST_NOBODY;
    const known = trusts.get(app);
    if (known !== undefined) return known;
    const trust = expressTrust(app);
    trusts.set(app, trust);
    return trust;
  };

  return {
    check(req) {
      if (contextOf(req) !== undefined || (req as Partial<Request>).session !== undefined) {
        throw new SetupError(
          'ERR_MOUNTED_TWICE',
          'the request already has a session: mount sessionPolicy once, for the whole app, and remove express-session and other session middleware',
        );
      }
      return trustOf(req);
    },
  };
}
