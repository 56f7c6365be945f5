import type { DeviceBinding, SessionDevice } from '../../../policy/device.ts';
import { readDbscItem } from '../../../proofs/dbsc-headers.ts';
import { thumbprintOf } from '../../../proofs/dbsc-key.ts';
import { type DbscRegistration, verifyRegistration } from '../../../proofs/dbsc-proof.ts';
import { SessionError, StoreUnavailableError } from '../../../sessions/errors.ts';
import { decideOn } from '../../admission.ts';
import type { LoadedSession, RequestContext } from '../../request-context.ts';
import { changeOwnDevice } from '../change-device.ts';
import { answerEmpty, answerProven, cameBy } from './dbsc-answers.ts';
import { readRegistrationChallenge, useChallenge } from './dbsc-challenges.ts';
import { browserIdentifier } from './dbsc-identifier.ts';
import { claimKey, keyLifetime } from '../key-owner.ts';

/** `POST …/dbsc/register`: binds the session, which its cookie tells, to the key that the browser has made for it. */
export async function registerBrowser(context: RequestContext): Promise<void> {
  if (!cameBy(context, 'POST')) return;
  const jwt = readDbscItem(context.req.headers['secure-session-response']);
  const registration = jwt === undefined ? undefined : await verifyRegistration(jwt);
  const loaded = registration === undefined ? undefined : await sessionToBind(context);
  if (registration === undefined || loaded === undefined) return answerEmpty(context, 403);
  const key = await thumbprintOf(registration.key);
  if (!(await isAnswered(context, loaded, registration)) || !(await bind(context, loaded, key))) return answerEmpty(context, 403);
  answerProven(context, browserIdentifier(context, loaded, registration.key), key);
}

/** The session of somebody who is signed in and not turned away; that they are asked for more is no hindrance. */
async function sessionToBind(context: RequestContext): Promise<LoadedSession | undefined> {
  if (context.runtime.app.dbsc === undefined || !context.secure) return undefined;
  const { outcome, session } = await decideOn(context);
  const { loaded } = context;
  return outcome !== 'deny' && session === 'keep' && loaded?.record.subject !== undefined ? loaded : undefined;
}

async function isAnswered(context: RequestContext, loaded: LoadedSession, { challenge }: DbscRegistration): Promise<boolean> {
  const answered = readRegistrationChallenge(context, loaded, challenge);
  return answered !== undefined && context.now < answered.until && (await useChallenge(context, loaded.ref.tag, answered));
}

/** A key belongs to one subject, and a session has one key: whoever is refused here has come too late, or with what is not theirs. */
async function bind(context: RequestContext, { record }: LoadedSession, key: string): Promise<boolean> {
  const { runtime, now } = context;
  if (record.subject === undefined) return false;
  try {
    await claimKey(context, key, record.subject, keyLifetime(runtime));
    await changeOwnDevice(context, (device) => boundTo(device, { by: 'dbsc', key, provenAt: now }));
    return true;
  } catch (error) {
    if (error instanceof SessionError && !(error instanceof StoreUnavailableError)) return false;
    throw error;
  }
}

function boundTo(device: SessionDevice | undefined, binding: DeviceBinding): SessionDevice {
  const { by, key } = device?.binding ?? binding;
  if (by !== binding.by || key !== binding.key) throw new SessionError('ERR_DEVICE_REFUSED', 403, 'the session is bound to another key');
  return { ...device, binding };
}
