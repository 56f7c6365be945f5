import type { SessionDevice } from '../../../policy/device.ts';
import { SessionError, StoreUnavailableError } from '../../../sessions/errors.ts';
import type { ListedSession } from '../../../sessions/session-store.ts';
import { auditDevice, auditRevocation } from '../../auditing.ts';
import type { Engine } from '../../engine.ts';
import { changeDevice } from '../change-device.ts';
import { noteNonCompliance } from './compliance-note.ts';
import { ownerTagsOf } from '../key-owner.ts';

/** What a device manager says of a device, without being asked. */
export interface ComplianceReport {
  /** Thumbprint of the key that the device is known by (RFC 7638, or RFC 8705 for a certificate). */
  readonly key: string;
  /** `false` takes the trust `managed` from all sessions of the device at once; nothing gives it but a signed assertion. */
  readonly compliant: false;
  /** End the sessions, too. Default `false`. */
  readonly end?: boolean;
}

const KNOWN = ['key', 'compliant', 'end'];
const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/;
const ROUNDS = 5;

/**
 * Takes `managed` from every session that is bound to a key, or ends them. A session can get another id meanwhile, and take what it knows
 * along: so it is looked again until there is none.
 *
 * @returns The number of sessions that it was about.
 */
export async function reportCompliance(engine: Engine, report: ComplianceReport): Promise<number> {
  const { key, end } = checkReport(report);
  // First of all: an assertion from before that is presented at this moment finds it, or is found below.
  await noteNonCompliance(engine, key);
  const told = new Set<string>();
  for (let round = 1; round <= ROUNDS; round += 1) {
    const sessions = await sessionsOf(engine, key);
    for (const session of sessions.filter((one) => !told.has(nameOf(one)))) audit(engine, session, key, told);
    const meant = end ? sessions : sessions.filter(({ record }) => record.device?.managed !== undefined);
    if (meant.length === 0) return told.size;
    await Promise.all(meant.map((session) => actOn(engine, session, key, end)));
  }
  throw new StoreUnavailableError('the trust could not be taken from all sessions of a device');
}

function checkReport(report: ComplianceReport): { readonly key: string; readonly end: boolean } {
  const { key, compliant, end = false } = report ?? {};
  const isFine = Object.keys(report ?? {}).every((one) => KNOWN.includes(one)) && typeof end === 'boolean';
  if (!isFine || typeof key !== 'string' || !THUMBPRINT.test(key) || compliant !== false) {
    throw new TypeError(
      'a report is { key: thumbprint, compliant: false } or { …, end: true }; what is compliant shows it by a signed assertion',
    );
  }
  return { key, end };
}

async function sessionsOf(engine: Engine, key: string): Promise<readonly ListedSession[]> {
  const tags = await ownerTagsOf(engine, key);
  const lists = await Promise.all(tags.map((tag) => engine.settings.store.list(tag)));
  return lists.flat().filter(({ record }) => record.device?.binding?.key === key);
}

/** The same whatever id it has. */
function nameOf({ ref, record }: ListedSession): string {
  return `${ref.app} ${record.origin ?? ref.digest}`;
}

function audit(engine: Engine, session: ListedSession, key: string, told: Set<string>): void {
  const { ref, record } = session;
  told.add(nameOf(session));
  auditDevice(engine, { action: 'non_compliant', handle: key }, record.subject, ref);
}

async function actOn(engine: Engine, { ref, record }: ListedSession, key: string, end: boolean): Promise<void> {
  const { store } = engine.settings;
  if (end) {
    await store.end(ref, 'session_revoked');
    auditRevocation(engine, record.subject, ref.app);
    return;
  }
  try {
    await changeDevice(store, ref, record.device, (device) => (device?.binding?.key === key ? withoutManaged(device) : device));
  } catch (error) {
    // It is over, or goes on under another id, where the next look finds it.
    if (!(error instanceof SessionError) || error.code !== 'ERR_SESSION_ENDED') throw error;
  }
}

/** A session's device without what a device manager said of it. */
export function withoutManaged(device: SessionDevice | undefined): SessionDevice | undefined {
  if (device === undefined) return undefined;
  const { managed: _managed, ...rest } = device;
  return rest;
}
