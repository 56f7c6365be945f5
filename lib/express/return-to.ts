import type { KeyObject } from 'node:crypto';
import { sign, unsign } from 'cookie-signature';

const LONGEST = 2_048;
const VALID_MS = 30 * 60_000;
const PARAMETER = 'return_to';

/** A path of this very origin: nothing that a browser could read as another host or scheme. */
export function isLocalPath(path: string): boolean {
  // oxlint-disable-next-line no-control-regex -- browsers drop tabs and line breaks inside URLs
  if (path.length > LONGEST || !path.startsWith('/') || /^\/[/\\]|[\\\u0000-\u0020\u007f]/.test(path)) return false;
  try {
    return new URL(path, 'http://origin.invalid').origin === 'http://origin.invalid';
  } catch {
    return false;
  }
}

/** Signs and checks the way back that a person takes after signing in: same origin, for one app, for half an hour. */
export class ReturnTo {
  readonly #keys: readonly KeyObject[];

  /** @param keys Newest first. */
  constructor(keys: readonly KeyObject[]) {
    this.#keys = keys;
  }

  /** `url` with the way back as a parameter; without one if the path is not ours to return to. */
  attach(url: string, app: string, path: string, now: number): string {
    if (!isLocalPath(path)) return url;
    const signed = sign(JSON.stringify([app, path, now + VALID_MS]), this.#keys[0] as KeyObject);
    return `${url}${url.includes('?') ? '&' : '?'}${PARAMETER}=${encodeURIComponent(Buffer.from(signed).toString('base64url'))}`;
  }

  /** The path of a way back that we signed for this app and that is still valid. */
  read(value: unknown, app: string, now: number): string | undefined {
    if (typeof value !== 'string' || value.length > 2 * LONGEST) return undefined;
    const signed = Buffer.from(value, 'base64url').toString();
    for (const key of this.#keys) {
      const text = signed.includes('.') ? unsign(signed, key) : false;
      if (text === false) continue;
      const [forApp, path, until] = JSON.parse(text) as [string, string, number];
      return forApp === app && now < until && isLocalPath(path) ? path : undefined;
    }
    return undefined;
  }
}

/** Name of the query parameter that carries the way back. */
export const RETURN_TO_PARAMETER: string = PARAMETER;
