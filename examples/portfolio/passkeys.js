import { generateRegistrationOptions, verifyRegistrationResponse } from '@simplewebauthn/server';
import { html } from './views.js';

const HERE = '/shop/account/passkeys';
const CHALLENGE_MS = 5 * 60_000;

/**
 * Registration of passkeys. It changes how somebody authenticates, so the policy asks for a confirmation of the last minute on all of these
 * addresses (ASVS 5.0, 7.5.1).
 */
export function mountPasskeys(app, { origin, passkeys, now }, show) {
  const rpID = new URL(origin).hostname;

  app.get(HERE, async (req, res) => {
    const own = await passkeys.list(req.sessionPolicy.subject);
    show(req, res, { title: 'Passkeys', notice: 'new' in req.query && ADDED, body: listOf(own, origin), scripts: ['/assets/passkeys.js'] });
  });

  app.post(`${HERE}/options`, async (req, res) => {
    const { id } = req.sessionPolicy.subject;
    const own = await passkeys.list(req.sessionPolicy.subject);
    const options = await generateRegistrationOptions({
      rpName: 'Demonstration of express-session-policy',
      rpID,
      userID: Buffer.from(id),
      userName: id,
      excludeCredentials: own.map(({ id: known, transports }) => ({ id: known, transports })),
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
    });
    req.session.passkeyChallenge = { text: options.challenge, until: now() + CHALLENGE_MS };
    res.json(options);
  });

  app.post(HERE, async (req, res) => {
    const { subject } = req.sessionPolicy;
    const registered = await verified(req, { origin, rpID, now: now() });
    if (registered === undefined) return void res.status(400).json({ detail: 'The passkey could not be accepted. Please try again.' });
    passkeys.add(subject, { ...registered, userHandle: Buffer.from(subject.id).toString('base64url') });
    res.json({ next: `${HERE}?new` });
  });
}

/** The passkey, if it answers the challenge of this session. A challenge is for one try. */
async function verified(req, { origin, rpID, now }) {
  const { passkeyChallenge: challenge } = req.session;
  delete req.session.passkeyChallenge;
  if (challenge === undefined || now >= challenge.until) return undefined;
  const expected = { expectedChallenge: challenge.text, expectedOrigin: origin, expectedRPID: rpID, requireUserVerification: true };
  const result = await verifyRegistrationResponse({ response: req.body?.response, ...expected }).catch(() => undefined);
  return result?.verified ? result.registrationInfo.credential : undefined;
}

const ADDED =
  'The passkey is registered. From now on you can confirm with it. Was somebody else at your account? Sign out everywhere else.';

function listOf(own, origin) {
  return html`<p>${own.length === 0 ? 'None is registered yet.' : `Registered: ${own.length}.`} A passkey confirms with your fingerprint, face or
PIN. This demonstration forgets it when it ends; your device does not, so remove it there.</p>
<p class="actions"><button type="button" data-register="${HERE}" hidden>Register a passkey</button> <a href="/shop/account">My account</a></p>
<p role="status" data-outcome></p>
<p data-elsewhere>Passkeys need JavaScript and a secure address. On this machine that is <a href="${origin}${HERE}">${origin}</a>.</p>
<p>You were asked to confirm before you came here, and are again after a minute: whoever finds your screen unlocked must not add a key of
their own.</p>`;
}
