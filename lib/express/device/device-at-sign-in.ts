import type { DeviceBinding, SessionDevice } from '../../policy/device.ts';
import type { Subject } from '../../policy/facts.ts';
import type { RequestContext } from '../request-context.ts';
import { recogniseDevice } from './known/known-devices.ts';
import { claimKey, keepKey, keyLifetime, noteHolder } from './key-owner.ts';

/**
 * What a new session knows of its device: the key that the request proves, which it is bound to from now on, and whether the subject has
 * enrolled the device, or an administrator the workstation.
 *
 * @param impersonated Somebody acts as the subject, on a device of theirs: its key stays what it is.
 * @throws {SessionError} `ERR_DEVICE_FOREIGN`, `ERR_STORE_UNAVAILABLE`
 */
export async function deviceAtSignIn(context: RequestContext, subject: Subject, impersonated = false): Promise<SessionDevice | undefined> {
  const binding = keyOf(context);
  const { engine, onSharedDevice, runtime } = context;
  // What several people use, or who acts as somebody else, is not the subject's own.
  if (binding !== undefined && (onSharedDevice || impersonated)) await noteHolder(engine, binding.key, subject, keyLifetime(runtime));
  else if (binding !== undefined) await claimKey(context, binding.key, subject, keyLifetime(runtime));
  const known = await recogniseDevice(context, subject);
  return { binding, known, ...deviceOfVisitor(context) };
}

/** What a session knows before anybody signs in: the workstation that it is on. */
export function deviceOfVisitor({ facts }: RequestContext): SessionDevice | undefined {
  const workstation = facts.device?.workstation;
  return workstation === undefined ? undefined : { workstation: { id: workstation.id } };
}

/** A session that can go on without an end has a new id: its key stays its subject's for as long again. */
export async function keepKeyOf(context: RequestContext): Promise<void> {
  const { device, subject } = context.loaded?.record ?? {};
  if (device?.binding === undefined || subject === undefined || keyLifetime(context.runtime) !== undefined) return;
  await keepKey(context, device.binding.key, subject);
}

/** A browser registers its key after the sign-in; a native client and a certificate have theirs with it. */
function keyOf({ facts, runtime }: RequestContext): DeviceBinding | undefined {
  const keys = facts.device?.keys ?? [];
  const wanted = runtime.app.profile.transport === 'header' ? (['dpop', 'mtls'] as const) : (['mtls'] as const);
  for (const method of wanted) {
    const key = keys.find(({ by }) => by === method);
    if (key !== undefined) return key;
  }
  return undefined;
}
