import type { CompiledApp, Policy } from '../policy/policy.ts';
import { compilePolicy } from '../policy/compile.ts';
import { SessionIds, deriveKey } from '../sessions/session-id.ts';
import { type AppRuntime, appRuntimes } from './app-runtime.ts';
import type { Settings } from './options.ts';
import { ReturnTo } from './return-to.ts';

/** A policy in force and what was made ready for its apps. Replaced as a whole, so a request never sees half of each. */
export interface PolicyInForce {
  readonly policy: Policy;
  readonly runtimes: ReadonlyMap<CompiledApp, AppRuntime>;
}

/** What all requests of one `sessionPolicy` share. */
export interface Engine {
  readonly settings: Settings;
  readonly ids: SessionIds;
  readonly returnTo: ReturnTo;
  inForce: PolicyInForce;
  closed: boolean;
}

export function createEngine(settings: Settings): Engine {
  return {
    settings,
    ids: new SessionIds(settings.secrets),
    returnTo: new ReturnTo(settings.secrets.map((secret) => deriveKey(secret, 'way back'))),
    inForce: putInForce(settings.policy, settings),
    closed: false,
  };
}

/** Compiles what a policy needs at run time. Throws before anything has changed. */
export function putInForce(policy: Policy, settings: Settings): PolicyInForce {
  const complete = compilePolicy(policy.document, policy.notices, settings.entry);
  return Object.freeze({ policy: complete, runtimes: appRuntimes(complete, settings) });
}
