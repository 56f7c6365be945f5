import type { DbscKey } from '../../../proofs/dbsc-key.ts';
import type { LoadedSession, RequestContext } from '../../request-context.ts';

/**
 * What a browser's identifier of its bound session stands for. The browser brings all of it back, signed by us: a proof can be verified
 * without anything that had to be stored for it. What counts is whether the session is bound to that key.
 */
export interface BrowserIdentity {
  /** Of the session in the store. */
  readonly tag: string;
  /** Digest of the session's first id, which stays what it is when a reauthentication changes the id. */
  readonly origin: string;
  readonly key: DbscKey;
}

/** A text of base64url. It is no secret, and opens nothing without the key. */
export function browserIdentifier({ engine, runtime }: RequestContext, { ref, record }: LoadedSession, key: DbscKey): string {
  return engine.deviceTexts.browser.sign([runtime.app.name, ref.tag, record.origin ?? ref.digest, ...key]);
}

/** What an identifier of this app stands for; `undefined` for any other text. */
export function readBrowserIdentifier({ engine, runtime }: RequestContext, text: string): BrowserIdentity | undefined {
  const value = engine.deviceTexts.browser.read(text);
  if (!Array.isArray(value)) return undefined;
  const [app, tag, origin, ...key] = value as [string, string, string, ...DbscKey];
  return app === runtime.app.name ? { tag, origin, key } : undefined;
}
