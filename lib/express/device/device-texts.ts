import type { KeyObject } from 'node:crypto';
import { SignedTexts } from '../signed-text.ts';

/** What we sign for a device and get back from it, each kind under keys of its own. */
export interface DeviceTexts {
  /** A browser's proof of its key, for a few minutes. */
  readonly bound: SignedTexts;
  /** What a browser has to sign to register a key for its session. */
  readonly registration: SignedTexts;
  /** What a browser has to sign to prove its key again. */
  readonly challenge: SignedTexts;
  /** Names a browser's key to itself, with all that is needed to verify a proof of it. */
  readonly browser: SignedTexts;
  /** The credential of a device that a person has enrolled. */
  readonly credential: SignedTexts;
  /** The credential of a workstation that an administrator has enrolled. */
  readonly workstation: SignedTexts;
}

export function deviceTexts(keysFor: (purpose: string) => readonly KeyObject[]): DeviceTexts {
  const texts = (purpose: string): SignedTexts => new SignedTexts(keysFor(purpose));
  return {
    bound: texts('proof of a browser'),
    registration: texts('registration of a browser'),
    challenge: texts('challenge to a browser'),
    browser: texts('key of a browser'),
    credential: texts('device credential'),
    workstation: texts('workstation credential'),
  };
}
