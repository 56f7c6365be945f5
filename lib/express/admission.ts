import type { NextFunction, Request, Response } from 'express';
import type { Decision } from '../policy/decision.ts';
import type { RequestFacts } from '../policy/facts.ts';
import type { CompiledApp } from '../policy/policy.ts';
import type { Reason } from '../policy/reason.ts';
import { selectApp } from '../policy/select-rule.ts';
import { INVALID, NOTHING } from '../proofs/presented.ts';
import { ROTATION_GRACE_MS } from '../sessions/record-lifecycle.ts';
import { isSessionId, refOf } from '../sessions/session-id.ts';
import type { ReadResult } from '../sessions/session-store.ts';
import { answerOutside } from './answers.ts';
import type { AppRuntime } from './app-runtime.ts';
import { auditDecision, auditRefusal } from './auditing.ts';
import { isCrossSite, isSafe } from './cross-site.ts';
import { isDevicePath } from './device/device-endpoints.ts';
import { type DeviceEvidence, gatherEvidence } from './device/device-evidence.ts';
import { sendNonce } from './device/native/dpop-challenge.ts';
import { isRenewalDue, renewKnown } from './device/known/known-proof.ts';
import type { Engine } from './engine.ts';
import { type ActionInWords, interrupt } from './interruption/interruption.ts';
import { RequestContext } from './request-context.ts';
import { GatheredFacts } from './request-facts.ts';
import { carry } from './request-properties.ts';
import { parseData } from './session-data.ts';
import { forgetEnded } from './shared-device.ts';
import { clientAddress, type Trust } from './trusted-proxies.ts';

/** Finds the app of a request. `undefined`: it belongs to none or came from another site, and has been answered. */
export function receive(engine: Engine, trust: Trust, req: Request, res: Response): RequestContext | undefined {
  const { inForce } = engine;
  const client = clientAddress(req, trust);
  const facts = new GatheredFacts(req, client.host, trust);
  const app = selectApp(inForce.policy, facts);
  if (typeof app === 'string') return refuse(engine, facts, req, res, app === 'unknown' ? 'app_unknown' : 'path_ambiguous');
  if (facts.overrideMethods.length > 1) return refuse(engine, facts, req, res, 'method_ambiguous', app);
  const runtime = inForce.runtimes.get(app) as AppRuntime;
  for (const [name, value] of runtime.headersFor(client.secure)) res.setHeader(name, value);
  if (!isDevicePath(app, facts.path) && isCrossSite(req, app, client)) return refuse(engine, facts, req, res, 'cross_site_request', app);
  const context = new RequestContext(engine, inForce, runtime, req, res, facts, client.secure);
  carry(req, res, context);
  return context;
}

function refuse(engine: Engine, facts: RequestFacts, req: Request, res: Response, reason: Reason, app?: CompiledApp): undefined {
  auditRefusal(engine, facts, app, reason);
  answerOutside(req, res, reason);
}

/** Loads the session that the request presents, in one round trip, and decides. */
export async function decideOn(context: RequestContext): Promise<Decision> {
  const { headers } = context.req;
  const presented = context.runtime.present(headers.cookie, headers.authorization, context.secure);
  context.presentedSomething = presented !== NOTHING;
  const gathered = gatherEvidence(context);
  const evidence = gathered === undefined ? undefined : await gathered;
  if (typeof presented === 'string' && isSessionId(presented)) return decideWith(context, presented, evidence);
  if (presented !== NOTHING)
    logInvalid(
      context,
      presented === INVALID ? 'a credential was malformed or not signed by this app' : 'a signed credential is no session id',
    );
  const [now] = await Promise.all([context.engine.settings.store.now(), evidence?.ask(context.engine.settings.store, undefined)]);
  context.facts.device = evidence?.present(now, undefined);
  return context.decide(now);
}

async function decideWith(context: RequestContext, id: string, evidence: DeviceEvidence | undefined): Promise<Decision> {
  const { app } = context.runtime;
  const ref = refOf(app.name, app.profile.name, id);
  const { store } = context.engine.settings;
  // Asked in the same turn, so it costs no round trip more.
  const asked = evidence?.ask(store, ref.tag);
  const [found] = asked === undefined ? [await store.read(ref)] : await Promise.all([store.read(ref), asked]);
  const { record, ended, now } = found;
  context.facts.device = evidence?.present(now, record);
  context.cameWithRotatedId = ended === 'session_rotated' && now - found.endedAt <= ROTATION_GRACE_MS;
  context.facts.ended = ended;
  const entries = record === undefined ? undefined : parseData(record.data);
  if (record !== undefined && entries === undefined) context.facts.ended = 'session_invalid';
  else if (record !== undefined && !isUsable(context, found)) context.facts.ended = 'session_rotated';
  else if (record !== undefined) context.use({ id, ref, record, entries });
  if (context.facts.ended === 'session_invalid') logCorrupt(context);
  const decision = context.decide(now);
  return isRenewalDue(context, decision) ? renewKnown(context) : decision;
}

/** A replaced id answers reads for a moment, and nothing else. */
function isUsable(context: RequestContext, { record, now }: ReadResult): boolean {
  const rotatedAt = record?.rotatedAt ?? 0;
  if (rotatedAt === 0) return true;
  context.cameWithRotatedId = true;
  context.sessionGoesOn = true;
  return isSafe(context.req.method) && now - rotatedAt <= ROTATION_GRACE_MS;
}

/** Does what the decision says: goes on, challenges, or refuses and ends the session. */
export function enforce(context: RequestContext, decision: Decision, next: NextFunction): Promise<void> | void {
  auditDecision(context, decision);
  forgetEnded(context, decision);
  if (decision.session === 'end' && context.loaded !== undefined) return endAndEnforce(context, decision, next);
  if (decision.session !== 'keep') context.use(undefined);
  if (decision.outcome !== 'allow') return interrupt(context, decision);
  if (decision.requirement?.stepUp?.once !== undefined && context.loaded !== undefined) return spendAndGoOn(context, next);
  goOn(context, next);
}

/** The tombstone is stored before the answer says that the session is over. */
async function endAndEnforce(context: RequestContext, decision: Decision, next: NextFunction): Promise<void> {
  const { loaded, engine } = context;
  const { reason } = decision;
  if (loaded !== undefined && isEndReason(reason)) await engine.settings.store.end(loaded.ref, reason);
  context.use(undefined);
  // A guard that decides again, and explain(), have to find the reason, as the next request does by the tombstone.
  if (isEndReason(reason)) context.facts.ended = reason;
  if (decision.outcome === 'allow') goOn(context, next);
  else await interrupt(context, decision);
}

/** A once-only action takes its authentication with it: of parallel requests with the same one, a single one goes on. */
export async function spendAndGoOn(context: RequestContext, next: NextFunction, about?: () => ActionInWords): Promise<void> {
  if (await context.spend()) return goOn(context, next);
  auditDecision(context, context.decision);
  await interrupt(context, context.decision, about?.());
}

function goOn(context: RequestContext, next: NextFunction): void {
  // A shared cache must not keep what a signed-in person sees.
  if (context.loaded?.record.subject !== undefined) context.res.setHeader('Cache-Control', 'no-store');
  sendNonce(context);
  context.admit();
  next();
}

function isEndReason(reason: Reason): reason is 'idle_timeout' | 'absolute_timeout' | 'session_invalid' {
  return reason === 'idle_timeout' || reason === 'absolute_timeout' || reason === 'session_invalid';
}

function logInvalid(context: RequestContext, message: string): void {
  context.engine.settings.log({ code: 'credential_invalid', message, app: context.runtime.app.name });
}

function logCorrupt(context: RequestContext): void {
  context.engine.settings.log({
    code: 'session_invalid',
    message: 'a stored session could not be read as one',
    app: context.runtime.app.name,
  });
}
