import { randomBytes } from 'node:crypto';
import type { SessionDevice } from '../../../policy/device.ts';
import type { Subject } from '../../../policy/facts.ts';
import type { DeviceCredential } from '../../../proofs/device-credential.ts';
import { digestOf, newSecret } from '../../../proofs/device-credential-secret.ts';
import { isClientText } from '../../../sessions/store-input.ts';
import { auditDevice } from '../../auditing.ts';
import type { Engine } from '../../engine.ts';
import type { RequestContext } from '../../request-context.ts';
import { gone } from '../../stored-session.ts';
import { changeOwnDevice } from '../change-device.ts';
import { appOf, giveCredentials, credentialsOf } from './device-credential.ts';
import { isDeviceId, KnownBook } from './known-book.ts';
import { checkEnrolment } from './known-enrolment.ts';
import { proveCredential } from './known-proof.ts';
import { takeKnown, withoutKnown } from './known-sessions.ts';

/** An enrolled device as its owner sees it in a list. It holds no secret. */
export interface DeviceSummary {
  /** Names the device for `forget`. */
  readonly handle: string;
  readonly app: string;
  /** What its owner calls it. */
  readonly label: string;
  /** Epoch milliseconds of the store's clock. */
  readonly enrolledAt: number;
  /** When its credential was last renewed. */
  readonly seenAt: number;
  /** Whether it is the device of the request that asked. */
  readonly current: boolean;
}

/** What enrolling a device gives back once that is stored. */
export interface EnrolledDevice {
  readonly handle: string;
  /**
   * For the header transport: what the client sends as `Session-Device`. Where an answer brings that header, it replaces what the client has;
   * an empty one takes it away. A browser has got it as a cookie.
   */
  readonly credential: string | undefined;
}

/** Most devices of a subject; then the one that was not used for longest makes room. */
const MOST_DEVICES = 50;
const ID_BYTES = 16;
const DEFAULT_LABEL = 'This device';

/** The enrolled device that a sign-in comes from, if it is one of the subject's; its credential is renewed. */
export async function recogniseDevice(context: RequestContext, subject: Subject): Promise<SessionDevice['known']> {
  const own = ownCredential(context, subject);
  return own === undefined ? undefined : proveCredential(context, subject, own);
}

/**
 * Once the session is stored that is to know its device: a device that was forgotten in the meantime is not known to it. Whoever forgets one
 * after this finds the session in the list.
 */
export async function confirmKnown(context: RequestContext): Promise<void> {
  const { engine, loaded } = context;
  const { device, subject } = loaded?.record ?? {};
  if (device?.known === undefined || subject === undefined) return;
  const { id } = device.known;
  const { entry } = await new KnownBook(engine, subject).find(id);
  if (entry === undefined) await changeOwnDevice(context, (current) => withoutKnown(current, id));
}

export async function enrollDevice(context: RequestContext, { label }: { readonly label?: string }): Promise<EnrolledDevice> {
  const name = checkLabel(label) ?? context.loaded?.record.client ?? DEFAULT_LABEL;
  await checkEnrolment(context);
  const subject = ownerOf(context);
  const credential = await store(context, subject, name);
  const { id } = credential;
  const { facts, loaded } = context;
  const presented = facts.device;
  const known = loaded?.record.device?.known;
  try {
    await remember(context, id);
  } catch (error) {
    facts.device = presented;
    await takeBack(context, subject, id, known);
    throw error;
  }
  const before = ownCredential(context, subject);
  const others = credentialsOf(context).filter(({ id: other }) => other !== before?.id);
  const given = giveCredentials(context, [credential, ...others]);
  auditDevice(context.engine, { action: 'enrolled', handle: id }, subject, appOf(context));
  // The same device under another name: it is one in the list.
  if (before !== undefined) await forgetDevice(context.engine, subject, before.id);
  return { handle: id, credential: given };
}

async function store(context: RequestContext, subject: Subject, label: string): Promise<DeviceCredential> {
  const { engine, now } = context;
  const book = new KnownBook(engine, subject);
  const devices = [...(await book.list())].sort((a, b) => b.record.seenAt - a.record.seenAt);
  for (const { id } of devices.slice(MOST_DEVICES - 1)) await forgetDevice(engine, subject, id);
  const id = randomBytes(ID_BYTES).toString('base64url');
  const secret = newSecret();
  const app = appOf(context);
  await book.add(id, { ...app, kind: subject.kind, label, enrolledAt: now, seenAt: now, current: digestOf(secret) });
  return { ...app, tag: book.newestTag, id, secret };
}

/** From now on the session knows its device, and so does this request. */
async function remember(context: RequestContext, id: string): Promise<void> {
  const { facts, now } = context;
  facts.device = { ...facts.device, known: id };
  await changeOwnDevice(context, (device) => ({ ...device, known: { id, at: now } }));
  await confirmKnown(context);
}

/** Nobody has the credential: the device would only stand in the list, and the session would know none but that. As far as the store answers. */
async function takeBack(context: RequestContext, subject: Subject, id: string, known: SessionDevice['known']): Promise<void> {
  await Promise.allSettled([
    new KnownBook(context.engine, subject).remove(id),
    changeOwnDevice(context, (device) => (device?.known?.id === id ? { ...device, known } : device)),
  ]);
}

/** The devices of a subject, the most recently used first. */
export async function listDevices(engine: Engine, subject: Subject, current: string | undefined): Promise<readonly DeviceSummary[]> {
  const entries = await new KnownBook(engine, subject).list();
  return [...entries]
    .sort((a, b) => b.record.seenAt - a.record.seenAt)
    .map(({ id, record: { app, label, enrolledAt, seenAt } }) => ({ handle: id, app, label, enrolledAt, seenAt, current: id === current }));
}

/** Forgets a device, and takes it from the sessions that knew it. */
export async function forgetDevice(engine: Engine, subject: Subject, handle: string): Promise<boolean> {
  if (!isDeviceId(handle)) return false;
  const removed = await new KnownBook(engine, subject).remove(handle);
  // Also where there is none: who tries again after a failure wants to know it done.
  await takeKnown(engine, subject, handle);
  if (removed !== undefined) auditDevice(engine, { action: 'forgotten', handle }, subject, removed);
  return removed !== undefined;
}

/** The same for somebody's own: if it is the device of this very request, it is so no more. */
export async function forgetOwnDevice(context: RequestContext, handle: string): Promise<boolean> {
  if (!isDeviceId(handle)) return false;
  const done = await forgetDevice(context.engine, ownerOf(context), handle);
  const { loaded } = context;
  if (loaded !== undefined && loaded.record.device?.known?.id === handle) {
    context.use({ ...loaded, record: { ...loaded.record, device: withoutKnown(loaded.record.device, handle) } });
    context.decide(context.now);
  }
  const presented = credentialsOf(context);
  if (presented.some(({ id }) => id === handle))
    giveCredentials(
      context,
      presented.filter(({ id }) => id !== handle),
    );
  return done;
}

/** The credential of this very person: another one who uses the same browser has one of their own. */
function ownCredential(context: RequestContext, subject: Subject): DeviceCredential | undefined {
  const credentials = credentialsOf(context);
  if (credentials.length === 0) return undefined;
  const tags = context.engine.ids.tagsOf(subject.id);
  return credentials.find(({ tag }) => tags.includes(tag));
}

function ownerOf({ loaded }: RequestContext): Subject {
  const subject = loaded?.record.subject;
  if (subject === undefined) throw gone();
  return subject;
}

function checkLabel(label: unknown): string | undefined {
  if (label === undefined || isClientText(label)) return label;
  throw new TypeError("label must be a text of 1 to 64 characters on one line, like 'My laptop'");
}
