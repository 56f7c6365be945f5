import type { KeyObject } from 'node:crypto';
import type { CompiledApp, Policy } from '../policy/policy.ts';
import { compilePolicy } from '../policy/compile.ts';
import { DpopKeys } from '../proofs/dpop-key.ts';
import { DpopNonces } from '../proofs/dpop-nonce.ts';
import { OfflineLeaseTokens } from '../proofs/offline-lease-token.ts';
import { SessionIds, deriveKey } from '../sessions/session-id.ts';
import { type AppRuntime, appRuntimes } from './app-runtime.ts';
import type { Settings } from './options.ts';
import { ReturnTo } from './return-to.ts';
import { NoteSeal } from './interruption/session-notes.ts';
import { SignedTexts } from './signed-text.ts';
import { type DeviceTexts, deviceTexts } from './device/device-texts.ts';

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
  /** Signs the ids of requests that are kept until their sender has confirmed who they are. */
  readonly resumptions: SignedTexts;
  readonly seal: NoteSeal;
  /** Keys for one purpose, newest first: the first signs, all are accepted. */
  readonly keysFor: (purpose: string) => readonly KeyObject[];
  readonly deviceTexts: DeviceTexts;
  readonly offlineLeases: OfflineLeaseTokens;
  /** For proofs of possession (RFC 9449). */
  readonly dpop: { readonly keys: DpopKeys; readonly nonces: DpopNonces };
  /** For digests of what a person confirms. */
  readonly actionKey: KeyObject;
  inForce: PolicyInForce;
  closed: boolean;
}

export function createEngine(settings: Settings): Engine {
  const keysFor = (purpose: string): readonly KeyObject[] => settings.secrets.map((secret) => deriveKey(secret, purpose));
  return {
    settings,
    ids: new SessionIds(settings.secrets),
    returnTo: new ReturnTo(new SignedTexts(keysFor('way back'))),
    resumptions: new SignedTexts(keysFor('kept request')),
    seal: new NoteSeal(keysFor('note')),
    keysFor,
    deviceTexts: deviceTexts(keysFor),
    offlineLeases: new OfflineLeaseTokens(keysFor('offline lease')),
    dpop: { keys: new DpopKeys(), nonces: new DpopNonces(keysFor('dpop nonce')) },
    actionKey: keysFor('bound action')[0] as KeyObject,
    inForce: putInForce(settings.policy, settings),
    closed: false,
  };
}

/** Compiles what a policy needs at run time. Throws before anything has changed. */
export function putInForce(policy: Policy, settings: Settings): PolicyInForce {
  const complete = compilePolicy(policy.document, policy.notices, settings.entry);
  return Object.freeze({ policy: complete, runtimes: appRuntimes(complete, settings) });
}
