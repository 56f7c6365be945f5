import express from 'express';
import { confirmationForm, confirmationPage } from 'express-session-policy';
import { oidc } from 'express-session-policy/step-up/oidc';
import { passkey } from 'express-session-policy/step-up/passkey';
import { spendCode } from './codes.js';
import { PEOPLE } from './people.js';

/** A code of six digits, for everybody. Shown on the page, where a real application would send it. */
export const withCode = confirmationForm({
  id: 'code',
  title: 'With a code (aal2)',
  fields: [{ name: 'code', label: 'Code from your phone', type: 'text', autocomplete: 'one-time-code', inputMode: 'numeric' }],
  level: 'aal2',
  amr: ['otp'],
  verify: ({ code }, req) => spendCode(req, code),
  attempts: { max: 5, per: '2m' },
});

const withPassword = confirmationForm({
  id: 'password',
  title: 'With a password (aal1)',
  fields: [{ name: 'password', label: 'Password', autocomplete: 'current-password' }],
  level: 'aal1',
  amr: ['pwd'],
  // A stand-in: everybody's is the same, and no secret.
  verify: ({ password }) => password === 'demo',
  attempts: { max: 5, per: '2m' },
});

/** The page on which people of an app confirm who they are. It lists the ways that the rule accepts. */
export function mountConfirmation(app, { origin, passkeys, provider }, name) {
  const path = `/${name}/reauthenticate`;
  const home = `/${name}`;
  const withPasskey = passkey({ origin, store: passkeys, level: 'aal2', title: 'With a passkey (aal2)' });
  const elsewhere = provider === undefined ? [] : [withProvider(provider, `${origin}${path}`, home)];
  const everything = confirmationPage({ methods: [withPasskey, ...elsewhere, withCode, withPassword], home });
  app.use(path, express.Router().use(onlyAt(origin), everything));
  app.use(path, confirmationPage({ methods: [withCode, withPassword], home }));
}

function withProvider({ configuration }, page, home) {
  return oidc({
    configuration,
    redirectUri: `${page}/oidc/callback`,
    levels: { aal1: ['urn:example:password'], aal2: ['urn:example:mfa'] },
    subject: ({ sub }) => PEOPLE.get(sub)?.subject,
    hint: ({ sessionPolicy }) => ({ loginHint: sessionPolicy.subject?.id }),
    title: 'With the example identity provider',
    home,
  });
}

/** Passkeys and the provider know one origin only. From another device on the network, what works everywhere is left. */
function onlyAt(origin) {
  const { host } = new URL(origin);
  return (req, _res, next) => next(req.headers.host === host ? undefined : 'router');
}
