import { randomBytes } from 'node:crypto';
import { type DeviceVoucher, isProven } from '../../../policy/device.ts';
import { EvidenceError } from '../../../proofs/evidence/evidence-error.ts';
import { VerifierUnavailableError } from '../../../proofs/evidence/verifier-unavailable-error.ts';
import type { DeviceVerdict, DeviceVerifier } from '../../../proofs/device-verifier.ts';
import { EvidenceUncheckedError, SessionError } from '../../../sessions/errors.ts';
import { LONGEST_RETENTION_MS } from '../../../sessions/record-lifecycle.ts';
import type { LogEntry } from '../../operational-log.ts';
import { auditDevice } from '../../auditing.ts';
import { keepOnlyNote, takeOnlyNote } from '../../interruption/session-notes.ts';
import type { RequestContext } from '../../request-context.ts';
import { gone } from '../../stored-session.ts';
import { changeOwnDevice } from '../change-device.ts';
import { isSaidSince } from './compliance-note.ts';
import { withoutManaged } from './compliance-report.ts';
import { errorInLog } from './error-in-log.ts';
import { evidenceMemory, onceFor } from './evidence-memory.ts';

const CHALLENGE_MS = 300_000;
const CHALLENGE_BYTES = 32;
/** Clocks of two parties may differ by a little. */
const CLOCK_TOLERANCE_MS = 60_000;
const NAME = /^[a-z][a-z0-9-]{0,31}$/;

/**
 * A challenge that the device's evidence has to contain; good once, for this session whatever its id, for five minutes. A new one takes the
 * place of the one before.
 */
export async function deviceChallenge(context: RequestContext): Promise<string> {
  const challenge = randomBytes(CHALLENGE_BYTES).toString('base64url');
  await keepOnlyNote(context, 'device', challenge, CHALLENGE_MS);
  return challenge;
}

/** Has evidence verified and records for the session what it says of the key that the session is bound to. */
export async function attestDevice(context: RequestContext, verifier: DeviceVerifier, evidence: unknown): Promise<void> {
  checkVerifier(verifier);
  const key = provenKey(context);
  try {
    const voucher = voucherOf(await verdictOf(context, verifier, evidence, key), key, context.now);
    if (verifier.trust === 'managed') await refuseReported(context, key, voucher);
    await record(context, verifier, key, voucher);
    const { trust, name } = verifier;
    audit(context, { action: 'vouched', handle: key, trust, verifier: name, until: voucher.until });
  } catch (error) {
    if (error instanceof SessionError) throw error;
    if (error instanceof VerifierUnavailableError) leaveUnchecked(context, verifier, error);
    refuse(context, verifier, key, error);
  }
}

/** @throws {TypeError} for what is no verifier: that is a mistake of the application's, and no client's. */
function checkVerifier(verifier: DeviceVerifier): void {
  const { name, trust } = verifier ?? {};
  const isFine =
    typeof name === 'string' && NAME.test(name) && ['attested', 'managed'].includes(trust) && typeof verifier.verify === 'function';
  if (!isFine) throw new TypeError("a verifier has a name in lower case, trust 'attested' or 'managed', and verify(evidence, context)");
}

/** The key that the session is bound to, if this request has proved it: what is said about a key that somebody else may hold is worth nothing. */
function provenKey({ loaded, facts, now }: RequestContext): string {
  const device = loaded?.record.device;
  if (loaded?.record.subject === undefined) throw gone();
  if (device?.binding === undefined) throw new SessionError('ERR_DEVICE_UNBOUND', 403, 'the session is not bound to a key');
  if (!isProven(device, facts.device, 'bound', undefined, now))
    throw new SessionError('ERR_DEVICE_UNBOUND', 403, 'the request does not prove the key that the session is bound to');
  return device.binding.key;
}

async function verdictOf(context: RequestContext, verifier: DeviceVerifier, evidence: unknown, key: string): Promise<DeviceVerdict> {
  const { engine, now } = context;
  const { name } = verifier;
  const challenge = await takeChallenge(context, verifier);
  return verifier.verify(evidence, { now, key, challenge, once: onceFor(engine, name), memory: evidenceMemory(engine, name) });
}

/** Taken before anybody looks at the evidence: of two that come at once, and of one that fails, it was for the first. */
async function takeChallenge(context: RequestContext, verifier: DeviceVerifier): Promise<string | undefined> {
  if (verifier.challenge === 'none') return undefined;
  const challenge = (await takeOnlyNote(context, 'device')) as string | undefined;
  if (challenge === undefined && verifier.challenge !== 'optional')
    throw new EvidenceError(
      'no challenge is open for the session: it was not fetched, or used, or is too old',
      'use_attestation_challenge',
    );
  return challenge;
}

/** What a verdict is worth. Whoever gave it, it is about this key, has been said, and has an end. */
function voucherOf(verdict: DeviceVerdict, key: string, now: number): DeviceVoucher {
  if (verdict?.key !== key) throw new EvidenceError('the evidence is about another key than that of the session');
  const at = Math.min(Math.floor(verdict.at), now);
  const until = Math.min(Math.floor(verdict.until), at + LONGEST_RETENTION_MS);
  if (!(Number.isFinite(verdict.at) && verdict.at >= 0 && verdict.at <= now + CLOCK_TOLERANCE_MS))
    throw new EvidenceError('the verdict is from a time that is none, or to come');
  if (!(Number.isFinite(verdict.until) && until > now))
    throw new EvidenceError('the verdict has no end, or has come to it', 'use_fresh_attestation');
  return { at, until };
}

async function refuseReported({ engine }: RequestContext, key: string, { at }: DeviceVoucher): Promise<void> {
  if (!(await isSaidSince(engine, key, at)))
    throw new EvidenceError('the device manager has reported the device since it said so', 'use_fresh_attestation');
}

async function record(context: RequestContext, { trust }: DeviceVerifier, key: string, voucher: DeviceVoucher): Promise<void> {
  await changeOwnDevice(context, (device) => {
    if (device?.binding?.key !== key) throw new EvidenceError('the session is bound to another key by now');
    return { ...device, [trust]: later(device[trust], voucher) };
  });
  if (trust !== 'managed') return;
  // A report that came between the look before and the record has not found this session, and is found here.
  try {
    await refuseReported(context, key, voucher);
  } catch (error) {
    await changeOwnDevice(context, withoutManaged);
    throw error;
  }
}

/** What was said last counts, also where it is presented first. */
function later(one: DeviceVoucher | undefined, other: DeviceVoucher): DeviceVoucher {
  return one !== undefined && one.at > other.at ? one : other;
}

function refuse(context: RequestContext, { name, trust }: DeviceVerifier, key: string, error: unknown): never {
  log(context, 'device_evidence_refused', name, error);
  audit(context, { action: 'refused', handle: key, trust, verifier: name });
  // Only our own: what somebody else's verifier throws may hold what was presented.
  const cause = error instanceof EvidenceError ? { cause: error } : undefined;
  throw new SessionError('ERR_DEVICE_REFUSED', 403, 'the evidence about the device does not hold', cause);
}

/** Nothing is said about the evidence: neither that it holds nor that it does not. */
function leaveUnchecked(context: RequestContext, { name }: DeviceVerifier, error: VerifierUnavailableError): never {
  log(context, 'device_verifier_unavailable', name, error);
  throw new EvidenceUncheckedError();
}

function log({ engine, runtime }: RequestContext, code: LogEntry['code'], verifier: string, error: unknown): void {
  engine.settings.log({ code, message: `${verifier}: ${errorInLog(error)}`, app: runtime.app.name });
}

function audit(context: RequestContext, device: Parameters<typeof auditDevice>[1]): void {
  const { app } = context.runtime;
  auditDevice(context.engine, device, context.loaded?.record.subject, { app: app.name, profile: app.profile.name });
}
