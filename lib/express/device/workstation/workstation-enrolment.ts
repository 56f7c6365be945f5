import express from 'express';
import { newSecret, digestOf } from '../../../proofs/device-credential-secret.ts';
import { decideOn } from '../../admission.ts';
import { answerRefusal, problemOf, send } from '../../answers.ts';
import { auditDecision, auditRefusal, auditWorkstation } from '../../auditing.ts';
import { isCrossSite, isSafe } from '../../cross-site.ts';
import type { RequestContext } from '../../request-context.ts';
import { shortDigest } from '../../short-digest.ts';
import { clientAddress } from '../../trusted-proxies.ts';
import { answerEmpty, cameBy } from '../browser/dbsc-answers.ts';
import { WorkstationBook } from './workstation-book.ts';
import { typedCode } from './workstation-code.ts';
import { giveWorkstation } from './workstation-credential.ts';
import { workstationHandle } from './workstation-handle.ts';
import { type CodeFault, sendEnrolmentPage } from './workstation-page.ts';

/** Between two tries from one address. A code cannot be guessed at any speed: this spares the store. */
const PAUSE_MS = 2_000;

/** `GET …/enroll`: the form. `POST …/enroll`: makes the device that sends a code a workstation of the app. */
export async function enrolWorkstation(context: RequestContext): Promise<void> {
  const { runtime, req, facts, engine } = context;
  if (!context.onSharedDevice) return answerEmpty(context, 404);
  if (!cameBy(context, 'GET', 'HEAD', 'POST')) return;
  // Paths of devices are not looked at for this in general; here a browser sends a form.
  if (isCrossSite(req, runtime.app, clientAddress(req, facts.trust))) {
    auditRefusal(engine, facts, runtime.app, 'cross_site_request');
    return send(req, context.res, problemOf('cross_site_request'), engine.settings.layout);
  }
  const decision = await decideOn(context);
  if (decision.reason === 'condition_blocked') {
    auditDecision(context, decision);
    return answerRefusal(context, decision);
  }
  if (isSafe(req.method)) sendEnrolmentPage(context);
  else await takeCode(context);
}

async function takeCode(context: RequestContext): Promise<void> {
  const body = await readForm(context);
  if (typeof body === 'number') return send(context.req, context.res, problemOf('body_unreadable', { status: body }));
  const fault = await enrol(context, typedCode(body['code']));
  if (fault !== undefined) return refuse(context, fault);
  const { res, runtime } = context;
  res.statusCode = 303;
  res.setHeader('Location', runtime.app.loginUrl);
  res.setHeader('Cache-Control', 'no-store');
  res.end();
}

function refuse(context: RequestContext, fault: CodeFault): void {
  if (fault === 'too-soon') context.res.setHeader('Retry-After', String(PAUSE_MS / 1_000));
  sendEnrolmentPage(context, fault);
}

async function enrol(context: RequestContext, code: string | undefined): Promise<CodeFault | undefined> {
  const { engine, runtime, facts } = context;
  const { store } = engine.settings;
  const { name } = runtime.app;
  if (!(await store.useOnce(`enroll.${name}`, shortDigest(facts.ip ?? ''), PAUSE_MS))) return 'too-soon';
  const book = new WorkstationBook(store, name);
  const { now, invitation } = code === undefined ? { now: 0, invitation: undefined } : await book.accept(code);
  if (invitation === undefined) return 'unknown';
  const { id, label } = invitation;
  const secret = newSecret();
  await book.add(id, { label, enrolledAt: now, current: digestOf(secret), since: now });
  giveWorkstation(context, { id, secret });
  auditWorkstation(engine, { action: 'enrolled', handle: workstationHandle(name, id) }, name);
  await forgetBefore(context, book);
  return undefined;
}

/** The same device under another name: it is one in the list. */
async function forgetBefore({ facts, engine, runtime }: RequestContext, book: WorkstationBook): Promise<void> {
  const before = facts.device?.workstation?.id;
  if (before === undefined || !(await book.remove(before))) return;
  const { name } = runtime.app;
  auditWorkstation(engine, { action: 'forgotten', handle: workstationHandle(name, before) }, name);
}

const parseForm = express.urlencoded({ extended: false, limit: '1kb' });

/** The fields of the form, or the status that says why it cannot be read. */
function readForm({ req, res }: RequestContext): Promise<Readonly<Record<string, unknown>> | number> {
  return new Promise((resolve, reject) => {
    parseForm(req, res, (error?: unknown) => {
      const { status } = (error ?? {}) as { readonly status?: unknown };
      const { body } = req as { readonly body?: unknown };
      if (typeof status === 'number' && status >= 400 && status < 500) resolve(status);
      else if (error !== undefined) reject(error as Error);
      else resolve(body !== null && typeof body === 'object' ? (body as Record<string, unknown>) : {});
    });
  });
}
