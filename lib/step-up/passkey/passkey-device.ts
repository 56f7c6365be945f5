import { changeOwnDevice } from '../../express/device/change-device.ts';
import { claimKey } from '../../express/device/key-owner.ts';
import { presentedAsked } from '../../express/interruption/asked-confirmation.ts';
import type { RequestContext } from '../../express/request-context.ts';
import type { SessionDevice } from '../../policy/device.ts';
import type { Subject } from '../../policy/facts.ts';
import { coseThumbprint } from '../../proofs/cose-key.ts';
import type { VerifiedAssertion } from './passkey-assertion.ts';

import { refusal } from './passkey-refusal.ts';
import type { Passkey } from './passkey-store.ts';

/** Whether the session was asked to prove its device, and may do so with a passkey. */
export function isForDevice(context: RequestContext): boolean {
  return presentedAsked(context)?.reason === 'device_trust_insufficient' && context.runtime.app.profile.deviceFallback === 'passkey';
}

/**
 * Makes sure that a passkey can stand for the device: that it can't leave its authenticator, and that the session is bound to it or to
 * nothing. It belongs to this subject from now on.
 *
 * @returns Its thumbprint.
 * @throws {FailedConfirmation} `passkey_synced`, `passkey_other`, `passkey_refused`
 * @throws {SessionError} `ERR_DEVICE_FOREIGN`, `ERR_STORE_UNAVAILABLE`
 */
export async function keyOfDevice(
  context: RequestContext,
  subject: Subject,
  { publicKey }: Passkey,
  { isSynced }: VerifiedAssertion,
): Promise<string> {
  if (isSynced) throw refusal('passkey_synced');
  const key = await coseThumbprint(publicKey);
  if (key === undefined) throw refusal('passkey_refused');
  checkBinding(context.loaded?.record.device, key);
  await claimKey(context, key, subject);
  return key;
}

/**
 * Records that the key has proved itself for this session.
 *
 * @throws {FailedConfirmation} `passkey_other` if the session was bound to another key meanwhile.
 * @throws {SessionError} `ERR_SESSION_ENDED`, `ERR_STORE_UNAVAILABLE`
 */
export async function bindToPasskey(context: RequestContext, key: string): Promise<void> {
  await changeOwnDevice(context, (device) => {
    checkBinding(device, key);
    return { ...device, binding: { by: 'passkey', key, provenAt: context.now } };
  });
}

/** A session that is bound to a key is never bound to another. */
function checkBinding(device: SessionDevice | undefined, key: string): void {
  const binding = device?.binding;
  if (binding !== undefined && (binding.by !== 'passkey' || binding.key !== key)) throw refusal('passkey_other');
}
