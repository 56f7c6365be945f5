import type { IncomingMessage } from 'node:http';
import type { CompiledApp } from '../policy/policy.ts';
import type { ClientAddress } from './trusted-proxies.ts';

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/**
 * Whether another site made a browser send this request with our cookie. Fetch Metadata decides where the browser sends it, the
 * `Origin` header otherwise. A client that sends neither is no browser of the last years and has no cookie to abuse.
 */
export function isCrossSite(req: IncomingMessage, app: CompiledApp, client: ClientAddress): boolean {
  if (isSafe(req.method) || app.profile.transport !== 'cookie') return false;
  const { origin } = req.headers;
  if (origin !== undefined && app.profile.trustedOrigins.includes(origin)) return false;
  const site = req.headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  return origin !== undefined && !isOwnOrigin(origin, client);
}

/** Whether a method only reads (RFC 9110 section 9.2.1). */
export function isSafe(method: string | undefined): boolean {
  return SAFE.has(method ?? 'GET');
}

/** Host and port must be ours. The scheme counts only if we know it is https: a proxy may have ended TLS without telling us. */
function isOwnOrigin(origin: string, client: ClientAddress): boolean {
  if (!URL.canParse(origin)) return false;
  const { host, protocol } = new URL(origin);
  if (client.secure && protocol !== 'https:') return false;
  return URL.canParse(`${protocol}//${client.host}`) && new URL(`${protocol}//${client.host}`).host === host;
}
