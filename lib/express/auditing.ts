import type { ApprovalEvidence, AuditEvent, DeviceEventEvidence, OfflineEvidence } from '../audit/audit-event.ts';
import type { Decision } from '../policy/decision.ts';
import type { RequestFacts, Subject } from '../policy/facts.ts';
import type { CompiledApp } from '../policy/policy.ts';
import type { LeaseReason } from '../policy/offline-reason.ts';
import type { Reason } from '../policy/reason.ts';
import type { Engine } from './engine.ts';
import type { RequestContext } from './request-context.ts';

/** Hands a decision to the audit sink, if there is one. */
export function auditDecision(context: RequestContext, decision: Decision): void {
  if (context.engine.settings.audit === undefined) return;
  emit(context, { type: 'decision', outcome: decision.outcome, reason: decision.reason, subject: context.facts.session?.subject });
}

/** Hands a sign-in, reauthentication, renewal of a token or sign-out to the audit sink, if there is one. */
export function auditLifecycle(
  context: RequestContext,
  type: 'sign_in' | 'reauthenticated' | 'renewed' | 'sign_out',
  subject: Subject | undefined,
): void {
  if (context.engine.settings.audit === undefined) return;
  emit(context, { type, outcome: 'allow', reason: type === 'sign_out' ? 'signed_out' : 'allowed', subject });
}

const APPROVAL_OUTCOMES = {
  approval_requested: 'challenge',
  approval_granted: 'allow',
  approval_refused: 'deny',
  approval_revoked: 'deny',
} as const;

/** Hands a step in the life of an approval to the audit sink, if there is one. */
export function auditApproval(context: RequestContext, type: keyof typeof APPROVAL_OUTCOMES, approval: ApprovalEvidence): void {
  emitApproval(context, type, APPROVAL_OUTCOMES[type], approval);
}

/** Hands the use of an approval to the audit sink, or the attempt to decide one by somebody who may not. */
export function auditApprovalDecision(context: RequestContext, outcome: 'allow' | 'deny', approval: ApprovalEvidence): void {
  emitApproval(context, 'decision', outcome, approval);
}

function emitApproval(context: RequestContext, type: AuditEvent['type'], outcome: AuditEvent['outcome'], approval: ApprovalEvidence): void {
  if (context.engine.settings.audit === undefined) return;
  const reason = outcome === 'allow' ? 'allowed' : 'approval_required';
  emit(context, { type, outcome, reason, subject: context.facts.session?.subject, approval });
}

/** Hands a lease to the audit sink that a device takes along, or what came back of it and why that does not count. */
export function auditOffline(
  context: RequestContext,
  type: 'offline_leased' | 'offline_settled',
  refusal: LeaseReason | undefined,
  offline: OfflineEvidence,
): void {
  const outcome = refusal === undefined ? 'allow' : 'deny';
  emit(context, { type, outcome, reason: refusal ?? 'allowed', subject: context.facts.session?.subject, offline });
}

function emit(context: RequestContext, what: Pick<AuditEvent, 'type' | 'outcome' | 'reason' | 'subject' | 'approval' | 'offline'>): void {
  const { app } = context.runtime;
  context.engine.settings.audit?.({
    ...what,
    at: context.now,
    app: app.name,
    profile: app.profile.name,
    routes: context.decision?.routes ?? [],
    method: context.facts.method,
    policyDigest: app.policyDigest,
  });
}

/** Hands a refusal to the audit sink that came before any session was looked at. */
export function auditRefusal(engine: Engine, facts: RequestFacts, app: CompiledApp | undefined, reason: Reason): void {
  emitLater(engine, {
    type: 'decision',
    outcome: 'deny',
    reason,
    app: app?.name,
    profile: app?.profile.name,
    subject: undefined,
    method: facts.method,
  });
}

/** Hands the ending of sessions by the application to the audit sink: of a subject, of an app, or of everybody. */
export function auditRevocation(engine: Engine, subject: AuditEvent['subject'], app: string | undefined): void {
  emitLater(engine, { type: 'revoked', outcome: 'allow', reason: 'session_revoked', app, profile: undefined, subject, method: undefined });
}

const DEVICE_REASONS: Readonly<Partial<Record<DeviceEventEvidence['action'], Reason>>> = {
  copied: 'device_proof_invalid',
  refused: 'device_proof_invalid',
  non_compliant: 'device_trust_insufficient',
};

/** Hands what happened to an enrolled device to the audit sink. A credential that two have had is no proof of anything. */
export function auditDevice(
  engine: Engine,
  device: DeviceEventEvidence,
  subject: Subject | undefined,
  { app, profile }: { readonly app: string; readonly profile: string | undefined },
): void {
  const reason = DEVICE_REASONS[device.action] ?? 'allowed';
  const outcome = reason === 'allowed' ? 'allow' : 'deny';
  emitLater(engine, { type: 'device', outcome, reason, app, profile, subject, method: undefined, device });
}

/** The same for a workstation, which is nobody's own. */
export function auditWorkstation(engine: Engine, device: DeviceEventEvidence, app: string): void {
  const profile = engine.inForce.policy.apps.get(app)?.profile.name;
  auditDevice(engine, device, undefined, { app, profile });
}

/** Where no session was read, the time has to be asked for; 0 says that nobody knew it. */
function emitLater(engine: Engine, what: Omit<AuditEvent, 'at' | 'routes' | 'policyDigest'>): void {
  const { audit, store } = engine.settings;
  if (audit === undefined) return;
  const { digest } = engine.inForce.policy;
  const emitAt = (at: number): void => audit({ ...what, at, routes: [], policyDigest: digest });
  store.now().then(emitAt, () => emitAt(0));
}
