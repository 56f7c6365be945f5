import { type DeviceCredential, readCredentials, writeCredentials } from '../../../proofs/device-credential.ts';
import { findCookie } from '../../../proofs/session-cookie.ts';
import type { RequestContext } from '../../request-context.ts';

/** The header in which a native client sends its credential, and in which it gets the next one. */
const HEADER = 'Session-Device';
const HEADER_IN_LOWER_CASE = 'session-device';
/** Browsers keep no cookie for longer. */
const KEPT_SECONDS = 400 * 86_400;

/** Ids of the enrolled devices whose credentials the request carries: one for each person. Whether they are still enrolled, the store knows. */
export function readDeviceCredential(context: RequestContext): readonly string[] | undefined {
  const credentials = credentialsOf(context);
  return credentials.length === 0 ? undefined : credentials.map(({ id }) => id);
}

const NONE: readonly DeviceCredential[] = [];

/**
 * The credentials that the client has: those that the request carries, or those that the answer is going to give it. Those of the last person
 * who signed in here come first. Their signatures are good.
 */
export function credentialsOf(context: RequestContext): readonly DeviceCredential[] {
  const text = context.givenCredential ?? presentedText(context);
  if (text === undefined) return NONE;
  const { app, profile } = appOf(context);
  return readCredentials(text, app, profile, (one) => context.engine.deviceTexts.credential.read(one));
}

/**
 * Gives the client other credentials than it has, with the answer.
 *
 * @returns What a native client is to send from now on; `undefined` for a browser.
 */
export function giveCredentials(context: RequestContext, credentials: readonly DeviceCredential[]): string | undefined {
  const text = writeCredentials(credentials, (value) => context.engine.deviceTexts.credential.sign(value));
  context.giveCredential(text);
  return isNative(context) ? text : undefined;
}

/** Puts them on the answer, as it is about to leave. An empty text takes away what the client has. */
export function sendCredential(context: RequestContext, text: string): void {
  const { res, runtime, secure } = context;
  if (isNative(context)) {
    res.setHeader(HEADER, text);
  } else {
    const { sameSite } = runtime.app.profile.cookie;
    const name = runtime.deviceCookieName('device', secure);
    const site = sameSite === 'strict' ? 'Strict' : 'Lax';
    const age = text === '' ? 0 : KEPT_SECONDS;
    const attributes = `; Path=/; Max-Age=${age}; HttpOnly${runtime.sendsSecure(secure) ? '; Secure' : ''}; SameSite=${site}`;
    res.appendHeader('Set-Cookie', `${name}=${text}${attributes}`);
  }
  // Whatever the handler asked for: a cache that kept this answer would hand the credential to others.
  res.setHeader('Cache-Control', 'no-store');
}

/** On a device that several people share, the cookie is the workstation's. A cookie that is there twice was planted. */
function presentedText({ req, runtime, secure, onSharedDevice }: RequestContext): string | undefined {
  if (onSharedDevice) return undefined;
  if (runtime.app.profile.transport === 'header') {
    const header = req.headers[HEADER_IN_LOWER_CASE];
    return typeof header === 'string' ? header : undefined;
  }
  const { cookie } = req.headers;
  const found = cookie === undefined ? undefined : findCookie(cookie, runtime.deviceCookieName('device', secure));
  return typeof found === 'string' ? found : undefined;
}

function isNative({ runtime }: RequestContext): boolean {
  return runtime.app.profile.transport === 'header';
}

/** App and profile that a credential is for. */
export function appOf({ runtime }: RequestContext): { readonly app: string; readonly profile: string } {
  return { app: runtime.app.name, profile: runtime.app.profile.name };
}
