import type { SessionDevice } from '../../../policy/device.ts';
import type { Decision } from '../../../policy/decision.ts';
import type { Subject } from '../../../policy/facts.ts';
import type { DeviceCredential } from '../../../proofs/device-credential.ts';
import { SessionError, StoreUnavailableError } from '../../../sessions/errors.ts';
import { auditDevice } from '../../auditing.ts';
import type { RequestContext } from '../../request-context.ts';
import { changeOwnDevice } from '../change-device.ts';
import { giveCredentials, credentialsOf } from './device-credential.ts';
import { KnownBook, type KnownEntry } from './known-book.ts';
import { examineSecret } from './known-rotation.ts';
import { takeKnown, withoutKnown } from './known-sessions.ts';

/** In a long session the credential is renewed once a day, so that a copy of it comes to light. */
const RENEWED_EVERY_MS = 24 * 60 * 60_000;
const ATTEMPTS = 5;

/**
 * Makes sure of the credential of a person's own device with what the store has of it, renews it, and gives the new one to the client.
 * A secret that was replaced before means that two have it: then the device is forgotten, since nobody can say which of them is the owner.
 *
 * @returns `undefined` if it proves nothing.
 * @throws {SessionError} `ERR_STORE_UNAVAILABLE`
 */
export async function proveCredential(
  context: RequestContext,
  subject: Subject,
  credential: DeviceCredential,
): Promise<SessionDevice['known']> {
  const book = new KnownBook(context.engine, subject);
  const { id } = credential;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const { entry, now } = await book.find(id);
    if (!isFor(entry, credential)) return refuse(context, credential);
    if (entry.tag !== book.newestTag) {
      await book.moveToNewest(entry);
      continue;
    }
    const finding = examineSecret(entry.record, credential.secret, now);
    if (finding.found === 'copied') return forgetCopied(context, subject, book, credential);
    if (finding.found === 'renewable' && !(await book.change(entry, finding.record))) continue;
    const secret = finding.found === 'current' ? credential.secret : finding.secret;
    return accept(context, credential, { ...credential, tag: book.newestTag, secret });
  }
  throw new StoreUnavailableError('the credential of a device could not be renewed');
}

function isFor(entry: KnownEntry | undefined, { app, profile }: DeviceCredential): entry is KnownEntry {
  return entry?.record.app === app && entry.record.profile === profile;
}

function accept(context: RequestContext, old: DeviceCredential, next: DeviceCredential): SessionDevice['known'] {
  const presented = credentialsOf(context);
  const isFirst = presented[0]?.id === next.id;
  if (!isFirst || next.secret !== old.secret || next.tag !== old.tag) giveCredentials(context, [next, ...without(presented, next.id)]);
  const { facts, now } = context;
  facts.device = { ...facts.device, known: next.id };
  return { id: next.id, at: now };
}

/** It is for a device that was forgotten, or of another kind of subject with the same id. */
function refuse(context: RequestContext, { id }: DeviceCredential): undefined {
  giveCredentials(context, without(credentialsOf(context), id));
  return undefined;
}

/** Forgotten first: from then on no copy is good for anything. */
async function forgetCopied(context: RequestContext, subject: Subject, book: KnownBook, credential: DeviceCredential): Promise<undefined> {
  const removed = await book.remove(credential.id);
  await takeKnown(context.engine, subject, credential.id);
  if (removed !== undefined) auditDevice(context.engine, { action: 'copied', handle: credential.id }, subject, removed);
  return refuse(context, credential);
}

function without(credentials: readonly DeviceCredential[], id: string): readonly DeviceCredential[] {
  return credentials.filter((one) => one.id !== id);
}

/**
 * Whether the credential that a request carries is to be renewed in the middle of a session: once a day, and where somebody asks for a device
 * that was proved more recently than it was.
 */
export function isRenewalDue({ facts, loaded, now }: RequestContext, { outcome, reason, requirement, session }: Decision): boolean {
  const known = loaded?.record.device?.known;
  if (known === undefined || facts.device?.known !== known.id || session !== 'keep' || loaded?.record.rotatedAt !== 0) return false;
  const age = now - known.at;
  if (outcome === 'allow') return age >= RENEWED_EVERY_MS;
  const asked = requirement?.device;
  return reason === 'device_trust_insufficient' && asked?.trust.value === 'known' && age > (asked.maxAge?.ms ?? age);
}

/** Renews it, and decides anew. */
export async function renewKnown(context: RequestContext): Promise<Decision> {
  const { loaded } = context;
  const subject = loaded?.record.subject;
  const id = loaded?.record.device?.known?.id;
  const credential = credentialsOf(context).find((one) => one.id === id);
  if (subject === undefined || id === undefined || credential === undefined) return context.decision;
  const known = await proveCredential(context, subject, credential);
  try {
    await changeOwnDevice(context, (device) => {
      if (device?.known?.id !== id) return device;
      return known === undefined ? withoutKnown(device, id) : { ...device, known };
    });
  } catch (error) {
    // It has got another id, or is over, since it was read: what was decided holds for what was read, but for a device that is none.
    if (!(error instanceof SessionError) || error.code !== 'ERR_SESSION_ENDED') throw error;
    if (known === undefined) throw error;
  }
  return context.decision;
}
