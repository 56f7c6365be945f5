import { randomBytes } from 'node:crypto';
import { generateRegistrationOptions, verifyRegistrationResponse } from '@simplewebauthn/server';
import express from 'express';
import { stepUp } from 'express-session-policy';

/**
 * A person adds a passkey to their account: after a recent confirmation, since whoever can add one can confirm everything from then on
 * (ASVS 5.0, 7.5.1). To be copied from; a real application keeps the user handles beside the passkeys.
 */
export function registration({ origin, passkeys, rpName }) {
  const rpID = new URL(origin).hostname;
  const userHandles = new Map();

  function userHandleOf({ id }) {
    if (!userHandles.has(id)) userHandles.set(id, randomBytes(32));
    return userHandles.get(id);
  }

  const router = express.Router();
  router.use(stepUp({ maxAge: '5m' }), express.json());

  router.post('/options', async (req, res) => {
    const { subject } = req.sessionPolicy;
    const known = await passkeys.list(subject);
    const options = await generateRegistrationOptions({
      rpName,
      rpID,
      userName: subject.id,
      userID: userHandleOf(subject),
      excludeCredentials: known.map(({ id, transports }) => ({ id, transports })),
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
    });
    req.session.passkeyChallenge = options.challenge;
    res.json(options);
  });

  router.post('/', async (req, res) => {
    const { subject } = req.sessionPolicy;
    const expectedChallenge = req.session.passkeyChallenge;
    // For one try, good or bad.
    delete req.session.passkeyChallenge;
    const registered = await verified({ response: req.body, expectedChallenge, expectedOrigin: origin, expectedRPID: rpID });
    if (registered === undefined) return void res.status(400).json({ detail: 'The passkey could not be added. Please try again.' });
    const { counter, id, publicKey } = registered.credential;
    const userHandle = userHandleOf(subject).toString('base64url');
    passkeys.add(subject, { id, publicKey, counter, userHandle, transports: req.body.response.transports });
    res.status(201).json({ id });
  });
  return router;
}

/** What was registered; `undefined` if it is not what was asked for. */
async function verified(answer) {
  if (answer.expectedChallenge === undefined) return undefined;
  try {
    return (await verifyRegistrationResponse({ ...answer, requireUserVerification: true })).registrationInfo;
  } catch {
    return undefined;
  }
}
