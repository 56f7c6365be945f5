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
import { FailedConfirmation, type FailedReason } from '../confirmation/failed-confirmation.ts';
import { malformed, methodBody } from '../confirmation/method-body.ts';
import { assertionIn, verifiedCounter } from './passkey-assertion.ts';
import { CHALLENGE_MS, newChallenge, takeChallenge } from './passkey-challenge.ts';
import { checkPasskeyOptions, type PasskeyOptions, type PasskeySettings } from './passkey-options.ts';
import { METHOD, type StepUpMethod, type StepUpMethodView } from '../confirmation/step-up-method.ts';

export { FailedConfirmation, type FailedReason } from '../confirmation/failed-confirmation.ts';
export type { PasskeyOptions } from './passkey-options.ts';
export { type MemoryPasskeys, memoryPasskeys, type Passkey, type PasskeyStore } from './passkey-store.ts';
export type { MethodPlace, StepUpMethod, StepUpMethodView } from '../confirmation/step-up-method.ts';

const ID = 'passkey';

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
  return Object.assign(router, { [METHOD]: { id: ID, title, level, amr, isSetUpFor, needsScript: true, view: viewOf(title) } });
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
  const counter = await verifiedCounter(assertion, used, challenge, settings);
  if (counter === undefined || (await store.useCounter(subject, used.id, used.counter, counter)) !== true) throw refusal('passkey_refused');
  await goOnConfirmed(context, settings);
}

type PasskeyReason = Extract<FailedReason, `passkey_${string}` | 'challenge_expired'>;

const TEXTS: Readonly<Record<PasskeyReason, string>> = {
  passkey_missing: 'No passkey is set up for this account.',
  passkey_unknown: 'This passkey does not belong to this account.',
  passkey_refused: 'The passkey could not be accepted. Please try again, and unlock it with your fingerprint, face or PIN.',
  challenge_expired: 'That took too long, or it was used already. Please try again.',
};

function refusal(reason: PasskeyReason): FailedConfirmation {
  return new FailedConfirmation(ID, reason, TEXTS[reason]);
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
