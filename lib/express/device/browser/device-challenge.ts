import type { Decision } from '../../../policy/decision.ts';
import { readSkipReason, type SkipReason } from '../../../proofs/dbsc-headers.ts';
import { isPage } from '../../client-kind.ts';
import { isSafe } from '../../cross-site.ts';
import type { RequestContext } from '../../request-context.ts';
import { clearBoundCookie } from './bound-cookie.ts';
import { offerBrowserBinding } from './browser-binding.ts';
import { sendDevicePage } from './device-page.ts';
import { isProofEnough } from './proof-worth.ts';

/**
 * What a browser can do about the demand: make a key (`asked`, or `under-way` since the sign-in), prove the one that it has (`refresh`), or
 * neither for some minutes (`exhausted`), before the person signs in again (`stale`), or at all (`nothing`).
 */
export type BrowserMeans = 'asked' | 'under-way' | 'refresh' | 'exhausted' | 'stale' | 'nothing';

/**
 * Tells a browser how to meet a demand on its device. Where a page was asked for, a page is sent that meets it by itself if that can be done: a
 * link from another site comes without a proof, and the first page after a sign-in can be faster than the new key.
 *
 * @param otherWay Page on which the person can meet it without a key of the browser, if the policy has one.
 * @returns Whether the request has been answered. What is no page gets the ordinary refusal besides.
 */
export function meetDeviceDemand(context: RequestContext, decision: Decision, otherWay: string | undefined): boolean {
  const { req, runtime } = context;
  if (decision.reason !== 'device_trust_insufficient' || runtime.app.profile.transport !== 'cookie') return false;
  const skipped = readSkipReason(req.headers['secure-session-skipped']);
  if (skipped !== undefined) logSkipped(context, skipped);
  const means = meansOf(context, decision, skipped);
  // Whatever proof came with the request is not enough. Without it, the browser makes another before it sends the next one.
  if (means === 'refresh') clearBoundCookie(context);
  if (!isPage(req) || (otherWay !== undefined && !isWorthWaiting(context, means))) return false;
  sendDevicePage(context, means, otherWay);
  return true;
}

function meansOf(context: RequestContext, decision: Decision, skipped: SkipReason | undefined): BrowserMeans {
  const { loaded, secure, runtime } = context;
  const binding = loaded?.record.device?.binding;
  if (!secure || runtime.app.dbsc === undefined || !isProofEnough(context, decision, 'dbsc')) return 'nothing';
  if (binding === undefined) return offerBrowserBinding(context, 'demand') ?? 'stale';
  if (binding.by !== 'dbsc') return 'nothing';
  return skipped === 'quota_exceeded' ? 'exhausted' : 'refresh';
}

/** A form that was kept goes on after the other way, and only after that. */
function isWorthWaiting({ req }: RequestContext, means: BrowserMeans): boolean {
  return isSafe(req.method) && means !== 'nothing' && means !== 'exhausted' && means !== 'stale';
}

function logSkipped({ engine, runtime }: RequestContext, reason: SkipReason): void {
  const message = `a browser could not prove its key before a request, and was refused: ${reason}`;
  engine.settings.log({ code: 'device_proof_skipped', message, app: runtime.app.name });
}
