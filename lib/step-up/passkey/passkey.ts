import { generateAuthenticationOptions } from '@simplewebauthn/server';
import express from 'express';
import { html } from '../../express/html-page.ts';
import type { RequestContext } from '../../express/request-context.ts';
import {
  checkLevel,
  confirmationEndpoint,
  confirmingSubject,
  goOnConfirmed,
  withoutActivity,
} from '../confirmation/confirmation-endpoint.ts';
import { malformed, methodBody } from '../confirmation/method-body.ts';
import { assertionIn, verifiedAssertion } from './passkey-assertion.ts';
import { CHALLENGE_MS, newChallenge, takeChallenge } from './passkey-challenge.ts';
import { bindToPasskey, isForDevice, keyOfDevice } from './passkey-device.ts';
import { checkPasskeyOptions, type PasskeyOptions, type PasskeySettings } from './passkey-options.ts';
import { PASSKEY, refusal } from './passkey-refusal.ts';
import { METHOD, type StepUpMethod, type StepUpMethodView } from '../confirmation/step-up-method.ts';

export { FailedConfirmation, type FailedReason } from '../confirmation/failed-confirmation.ts';
export type { PasskeyOptions } from './passkey-options.ts';
export { type MemoryPasskeys, memoryPasskeys, type Passkey, type PasskeyStore } from './passkey-store.ts';
export type { MethodPlace, StepUpMethod, StepUpMethodView } from '../confirmation/step-up-method.ts';

const ID = PASSKEY;

/**
 * Confirmation with a passkey (WebAuthn Level 3), to be listed in a `confirmationPage` or mounted at the reauthentication page by itself.
 * The person has to be verified by their device. A challenge is for one session and one try, for five minutes.
 *
 * - `POST passkey/options` gives the options for `navigator.credentials.get()`, as JSON
 * - `POST passkey` takes `{ response }`, the credential as JSON, and answers `{ next }`: where to go on
 *
 * `return_to` (or `resume`), in the query or the body, says what the confirmation is for. Refusals are problem+json with the `reason`
 * `passkey_missing`, `passkey_unknown`, `passkey_refused`, `challenge_expired` or `confirmation_malformed`.
 *
 * Where the profile says `deviceFallback: passkey`, it also proves the device for ten minutes, to a session that was asked for a bound one. It
 * then has to be a passkey that can't be copied to another device (backup eligibility; else `passkey_synced`), and the same one every time
 * (else `passkey_other`). It may still sit in a security key or a phone beside the computer.
 *
 * @throws {SetupError} `ERR_OPTIONS_INVALID` at once, for options that are unknown, missing or unsafe. A level that the policy does not
 * know fails each request with `ERR_LEVEL_UNKNOWN`.
 * @example
 * const keys = passkey({ origin: 'https://shop.example.com', store: passkeys, level: 'phishing-resistant' });
 * app.use('/reauthenticate', confirmationPage({ methods: [keys] }));
 */
export function passkey(options: PasskeyOptions): StepUpMethod {
  const settings = checkPasskeyOptions(options);
  const router = express
    .Router()
    .use('/passkey', withoutActivity('passkey'))
    .post(
      '/passkey/options',
      confirmationEndpoint((context) => sendOptions(context, settings)),
    )
    .post(
      '/passkey',
      methodBody(ID),
      confirmationEndpoint((context) => confirm(context, settings)),
    );
  const { amr, level, store, title } = settings;
  const isSetUpFor: StepUpMethodView['isSetUpFor'] = async (subject) => (await store.list(subject)).length > 0;
  return Object.assign(router, {
    [METHOD]: { id: ID, title, level, amr, isSetUpFor, needsScript: true, provesDevice: true as const, view: viewOf(title) },
  });
}

async function sendOptions(context: RequestContext, { level, rpId, store }: PasskeySettings): Promise<void> {
  const subject = confirmingSubject(context);
  checkLevel(context, ID, level);
  const passkeys = await store.list(subject);
  if (passkeys.length === 0) throw refusal('passkey_missing');
  const options = await generateAuthenticationOptions({
    rpID: rpId,
    challenge: await newChallenge(context),
    allowCredentials: passkeys.map(({ id, transports }) => ({ id, ...(transports === undefined ? {} : { transports: [...transports] }) })),
    userVerification: 'required',
    timeout: CHALLENGE_MS,
  });
  context.res.set('Cache-Control', 'no-store').json(options);
}

async function confirm(context: RequestContext, settings: PasskeySettings): Promise<void> {
  const { level, store } = settings;
  const subject = confirmingSubject(context);
  checkLevel(context, ID, level);
  const assertion = assertionIn(context.req.body);
  if (assertion === undefined) throw malformed(ID);
  const challenge = await takeChallenge(context, assertion.challenge);
  if (challenge === undefined) throw refusal('challenge_expired');
  const used = (await store.list(subject)).find(({ id }) => id === assertion.response.id);
  if (used === undefined) throw refusal('passkey_unknown');
  const verified = await verifiedAssertion(assertion, used, challenge, settings);
  const isTaken = verified !== undefined && (await store.useCounter(subject, used.id, used.counter, verified.counter)) === true;
  if (!isTaken) throw refusal('passkey_refused');
  if (!isForDevice(context)) return goOnConfirmed(context, settings);
  const key = await keyOfDevice(context, subject, used, verified);
  await goOnConfirmed(context, settings, () => bindToPasskey(context, key));
}

const NEEDS_SCRIPT = 'This way needs JavaScript, which is turned off or could not be loaded.';

/** Without the script of the page there is nothing to press; it puts the button in place, and takes away the words that say so. */
function viewOf(title: string): StepUpMethodView['view'] {
  return (_asked, hand, { base, failed = NEEDS_SCRIPT }) =>
    html`<section class="way" aria-labelledby="passkey-title" data-passkey="${base}/passkey" data-hand="${hand}">
<h2 id="passkey-title">${title}</h2>
<p>Your device asks for your fingerprint, face or PIN. Nothing of that leaves it.</p>
<template><button class="first" type="button" aria-describedby="passkey-outcome">Use a passkey</button></template>
<p id="passkey-outcome" role="status">${failed}</p>
</section>`;
}
