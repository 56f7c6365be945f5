import { findCookie } from '../../../proofs/session-cookie.ts';
import type { RequestContext } from '../../request-context.ts';

/** What a workstation carries: which one it is, and the secret that shows it. */
export interface WorkstationCredential {
  readonly id: string;
  readonly secret: string;
}

const ID = /^[A-Za-z0-9_-]{22}$/;
const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** The credential in the cookie of a device that several people use, if we have signed it for this app. A cookie that is there twice was planted. */
export function presentedWorkstation({ req, runtime, secure, engine, onSharedDevice }: RequestContext): WorkstationCredential | undefined {
  const { cookie } = req.headers;
  if (cookie === undefined || !onSharedDevice) return undefined;
  const found = findCookie(cookie, runtime.deviceCookieName('device', secure));
  return typeof found === 'string' ? credentialIn(engine.deviceTexts.workstation.read(found), runtime.app.name) : undefined;
}

/** Gives the workstation its credential, as a cookie that stays. */
export function giveWorkstation(context: RequestContext, { id, secret }: WorkstationCredential): void {
  context.giveCredential(context.engine.deviceTexts.workstation.sign([context.runtime.app.name, id, secret]));
}

function credentialIn(value: unknown, app: string): WorkstationCredential | undefined {
  if (!Array.isArray(value) || value.length !== 3) return undefined;
  const [of, id, secret] = value as readonly unknown[];
  if (of !== app || typeof id !== 'string' || typeof secret !== 'string') return undefined;
  return ID.test(id) && SECRET.test(secret) ? { id, secret } : undefined;
}
