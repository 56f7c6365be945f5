import type { CDPSession, Page } from 'playwright-core';

/** What the authenticator of the device can do and how its person behaves. The defaults: a phone with a fingerprint that matches. */
export interface AuthenticatorOptions {
  /** The person passes the check of fingerprint, face or PIN. */
  readonly userVerified?: boolean;
  /** The device has such a check. */
  readonly hasUserVerification?: boolean;
  /** It can keep discoverable credentials (passkeys that need no user name). */
  readonly residentKey?: boolean;
}

/** A passkey as the authenticator holds it; binary values in base64 (not base64url). */
export interface PasskeyOfAuthenticator {
  readonly credentialId: string;
  readonly isResidentCredential: boolean;
  readonly rpId?: string;
  /** PKCS #8, ECDSA P-256. */
  readonly privateKey: string;
  readonly userHandle?: string;
  readonly signCount: number;
  /** It can be copied to other devices, and it has been (flags BE and BS). Default: neither. */
  readonly backupEligibility?: boolean;
  readonly backupState?: boolean;
}

/** An authenticator that exists only in the browser. It answers at once, without a dialog. */
export interface VirtualAuthenticator {
  credentials(): Promise<readonly PasskeyOfAuthenticator[]>;
  addCredential(credential: PasskeyOfAuthenticator): Promise<void>;
  removeCredential(credentialId: string): Promise<void>;
  setUserVerified(isUserVerified: boolean): Promise<void>;
  /** With false, nobody touches the device: a request stays open until the page aborts it, is left, or the request times out. */
  setPresent(isPresent: boolean): Promise<void>;
  /** Answers that a sound authenticator would not give; what is not named is sound again. */
  misbehave(how: { isBogusSignature?: boolean; isBadUV?: boolean; isBadUP?: boolean }): Promise<void>;
  /** Takes the device away, and its passkeys with it. */
  remove(): Promise<void>;
}

/**
 * Gives a page an authenticator of the platform (CTAP2, internal). It stays through navigations; another tab needs its own, with
 * the credentials handed over.
 *
 * @example
 * const device = await virtualAuthenticator(page);
 * await device.setUserVerified(false);
 */
export async function virtualAuthenticator(page: Page, options: AuthenticatorOptions = {}): Promise<VirtualAuthenticator> {
  const { userVerified = true, hasUserVerification = true, residentKey = true } = options;
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: residentKey,
      hasUserVerification,
      isUserVerified: userVerified,
      automaticPresenceSimulation: true,
    },
  });
  return authenticatorOf(cdp, authenticatorId);
}

function authenticatorOf(cdp: CDPSession, authenticatorId: string): VirtualAuthenticator {
  return {
    credentials: async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    addCredential: (credential) => done(cdp.send('WebAuthn.addCredential', { authenticatorId, credential })),
    removeCredential: (credentialId) => done(cdp.send('WebAuthn.removeCredential', { authenticatorId, credentialId })),
    setUserVerified: (isUserVerified) => done(cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified })),
    setPresent: (enabled) => done(cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled })),
    misbehave: (how) => done(cdp.send('WebAuthn.setResponseOverrideBits', { authenticatorId, ...how })),
    remove: () => done(cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId })),
  };
}

async function done(command: Promise<unknown>): Promise<void> {
  await command;
}
