import { randomUUID } from 'node:crypto';
import { sessionMark } from '../../interruption/session-notes.ts';
import type { LoadedSession, RequestContext } from '../../request-context.ts';
import { shortDigest } from '../../short-digest.ts';

/** A browser registers within a second or two; one that is put to sleep meanwhile is asked again on demand. */
const REGISTRATION_MS = 5 * 60_000;
/** Longer than the proof counts, so that the next one takes one round trip; not by much, since who has the key for a moment can sign in advance. */
const BEYOND_PROOF_MS = 5 * 60_000;

/** A challenge that came back, and until when it may. */
export interface AnsweredChallenge {
  readonly id: string;
  readonly until: number;
}

/** What a browser has to sign to register a key for this session and no other. Nothing is stored. */
export function registrationChallenge({ engine, now }: RequestContext, loaded: LoadedSession): string {
  return engine.deviceTexts.registration.sign([sessionMark(loaded), randomUUID(), now + REGISTRATION_MS]);
}

/** The challenge, if it was made for this session. */
export function readRegistrationChallenge({ engine }: RequestContext, loaded: LoadedSession, text: string): AnsweredChallenge | undefined {
  return answered(engine.deviceTexts.registration.read(text), sessionMark(loaded), text);
}

/** What a browser has to sign to prove the key that it knows by an identifier again. */
export function refreshChallenge({ engine, runtime, now }: RequestContext, identifier: string): string {
  const until = now + (runtime.app.dbsc?.proofMs ?? 0) + BEYOND_PROOF_MS;
  return engine.deviceTexts.challenge.sign([shortDigest(identifier), randomUUID(), until]);
}

/** The challenge, if it was made for this identifier. */
export function readRefreshChallenge({ engine }: RequestContext, identifier: string, text: string): AnsweredChallenge | undefined {
  return answered(engine.deviceTexts.challenge.read(text), shortDigest(identifier), text);
}

/**
 * Uses a challenge up: of any number of proofs for it, in any process, one counts.
 *
 * @param tag Of the session, beside which it is remembered.
 * @throws {SessionError} `ERR_STORE_UNAVAILABLE`
 */
export function useChallenge({ engine, runtime }: RequestContext, tag: string, { id }: AnsweredChallenge): Promise<boolean> {
  const ttlMs = Math.max(REGISTRATION_MS, (runtime.app.dbsc?.proofMs ?? 0) + BEYOND_PROOF_MS);
  return engine.settings.store.useOnce(`dbsc.${tag}`, id, ttlMs);
}

function answered(value: unknown, madeFor: string, text: string): AnsweredChallenge | undefined {
  if (!Array.isArray(value)) return undefined;
  const [forWhom, , until] = value as [string, string, number];
  return forWhom === madeFor ? { id: shortDigest(text), until } : undefined;
}
