import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { CompiledProfile } from '../../policy/policy.ts';
import { isClientText } from '../../sessions/store-input.ts';
import { problemOf, send } from '../answers.ts';
import { enrolmentClause } from '../device/known/known-enrolment.ts';
import { guard } from '../guards.ts';
import type { RequestContext } from '../request-context.ts';
import { contextOf } from '../request-properties.ts';
import { sessionControl } from '../session-control.ts';
import type { DeviceSummary, EnrolledDevice } from '../device/known/known-devices.ts';

const GUARDS = new WeakMap<CompiledProfile, RequestHandler>();

/** Asks for what the app's profile wants of somebody who enrols a device, as any step-up is asked for: what was sent goes on after it. */
export function asEnrolmentAsks(req: Request, res: Response, next: NextFunction): void {
  const { profile } = (contextOf(req) as RequestContext).runtime.app;
  const asks = GUARDS.get(profile) ?? guard('sessionEndpoints', enrolmentClause(profile));
  GUARDS.set(profile, asks);
  void asks(req, res, next);
}

/** The devices of whoever makes the request, the most recently used first. */
export function ownDevices(context: RequestContext): Promise<readonly DeviceSummary[]> {
  return sessionControl(context).device.list();
}

/**
 * Enrols the device of the request.
 *
 * @param label What its owner calls it; nothing: what the session was begun with.
 * @returns `undefined` for a label that does not fit in a list, which has been answered.
 */
export async function enrolOwnDevice(context: RequestContext, label: unknown): Promise<EnrolledDevice | undefined> {
  const { engine, req, res } = context;
  if (label === undefined || label === '') return sessionControl(context).device.enroll();
  if (isClientText(label)) return sessionControl(context).device.enroll({ label });
  send(req, res, problemOf('label_invalid', { status: 400 }), engine.settings.layout);
  return undefined;
}

/** Forgets one of them. Of those of others nothing is told. */
export async function forgetOwnDevice(context: RequestContext, handle: unknown): Promise<boolean> {
  return typeof handle === 'string' && (await sessionControl(context).device.forget(handle));
}
