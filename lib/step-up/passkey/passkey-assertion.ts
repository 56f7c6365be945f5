import { type AuthenticationResponseJSON, verifyAuthenticationResponse } from '@simplewebauthn/server';
import { z } from 'zod';
import type { PasskeySettings } from './passkey-options.ts';
import type { Passkey } from './passkey-store.ts';

/** What an authenticator answered, and what the browser says about where. */
export interface Assertion {
  readonly response: AuthenticationResponseJSON;
  readonly challenge: string;
  /** The page was inside another one, possibly of somebody else. */
  readonly isFramed: boolean;
}

/** What an answer that holds says of its passkey. */
export interface VerifiedAssertion {
  /** The new counter. */
  readonly counter: number;
  /** It can be, or is, on other devices too (WebAuthn Level 3, section 6.1.3: backup eligible). */
  readonly isSynced: boolean;
}

const text = z.string().min(1).max(24_576);

/** AuthenticationResponseJSON of WebAuthn Level 3, section 5.1. What is not used is left out. */
const responseSchema = z.object({
  id: text,
  rawId: text,
  type: z.literal('public-key'),
  response: z.object({ clientDataJSON: text, authenticatorData: text, signature: text, userHandle: z.string().max(128).nullish() }),
});

/** CollectedClientData of the same, section 5.8.1. */
const clientDataSchema = z.object({ challenge: text, crossOrigin: z.boolean().optional(), topOrigin: z.unknown().optional() });

/** Reads what a client sent as the answer of an authenticator. `undefined`: it is none. Nothing in it has been verified. */
export function assertionIn(body: unknown): Assertion | undefined {
  const given = z.object({ response: responseSchema }).safeParse(body);
  if (!given.success) return undefined;
  const { id, rawId, type, response } = given.data.response;
  const clientData = clientDataSchema.safeParse(jsonIn(response.clientDataJSON));
  if (!clientData.success) return undefined;
  const { challenge, crossOrigin, topOrigin } = clientData.data;
  const { userHandle, ...signed } = response;
  const assertion = { ...signed, ...(userHandle ? { userHandle } : {}) };
  return {
    response: { id, rawId, type, response: assertion, clientExtensionResults: {} },
    challenge,
    isFramed: crossOrigin === true || topOrigin !== undefined,
  };
}

function jsonIn(base64url: string): unknown {
  try {
    return JSON.parse(Buffer.from(base64url, 'base64url').toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * Verifies an answer (WebAuthn Level 3, section 7.2): origin, domain, challenge, presence and verification of the person, counter and
 * signature.
 *
 * @returns `undefined` if it is refused. Why is not told: whoever made it knows.
 */
export async function verifiedAssertion(
  { isFramed, response }: Assertion,
  { counter, id, publicKey, userHandle }: Passkey,
  expectedChallenge: string,
  { origins, rpId }: PasskeySettings,
): Promise<VerifiedAssertion | undefined> {
  const { userHandle: named } = response.response;
  if (isFramed || (named !== undefined && named !== userHandle)) return undefined;
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      expectedChallenge,
      expectedOrigin: [...origins],
      expectedRPID: rpId,
      credential: { id, publicKey: new Uint8Array(publicKey), counter },
      requireUserVerification: true,
    });
    const { credentialBackedUp, credentialDeviceType, newCounter } = authenticationInfo;
    return verified ? { counter: newCounter, isSynced: credentialDeviceType !== 'singleDevice' || credentialBackedUp } : undefined;
  } catch {
    // It throws for what does not match, and for what cannot be read.
    return undefined;
  }
}
