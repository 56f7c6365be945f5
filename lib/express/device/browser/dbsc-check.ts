import { isProven } from '../../../policy/device.ts';
import { decideOn } from '../../admission.ts';
import { problemOf, send } from '../../answers.ts';
import { sendBuiltScript } from '../../built-script.ts';
import type { RequestContext } from '../../request-context.ts';
import { clearBoundCookie } from './bound-cookie.ts';
import { answerEmpty, cameBy } from './dbsc-answers.ts';

/**
 * `GET …/dbsc/check`: whether the browser has proved the key of its session. A page fetches it, which makes a browser that has a key prove
 * it first.
 */
export async function checkBrowser(context: RequestContext): Promise<void> {
  if (!cameBy(context, 'GET', 'HEAD')) return;
  const { session } = await decideOn(context);
  const { loaded, facts, now, req } = context;
  if (session !== 'keep' || loaded?.record.subject === undefined) return send(req, noStore(context), problemOf('session_missing'));
  if (isProven(loaded.record.device, facts.device, 'bound', undefined, now)) return answerEmpty(context, 204);
  // Without the proof that was none, a browser that has the key makes another before it asks again.
  if (loaded.record.device?.binding?.by === 'dbsc') clearBoundCookie(context);
  send(req, noStore(context), problemOf('device_trust_insufficient'));
}

/** The script of the page that waits for a proof. */
export function sendDevicePageScript(context: RequestContext): Promise<void> | void {
  if (cameBy(context, 'GET', 'HEAD')) return sendBuiltScript(context.res, 'device-page.js');
}

function noStore({ res }: RequestContext): RequestContext['res'] {
  return res.setHeader('Cache-Control', 'no-store');
}
