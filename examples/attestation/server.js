// Money is sent from genuine installations of the app only: the app's backend vouches for the key that the session is bound to (OAuth 2.0
// Attestation-Based Client Authentication).
//
//   npm run build && node examples/attestation/client.js                     starts this, and shows what a phone and a script get
//
// The verifiers of express-session-policy/attestation/app-attest, /play-integrity, /android-key and /security-key take the place of
// clientAttestation where the app's backend is this server, and the platform's own evidence comes here:
//
//   const genuine = appAttest({ teamId: 'V8H6LQ9448', bundleId: 'com.example.app' });
//   await req.sessionPolicy.device.attest(genuine, req.body);                { keyId, attestation } once, { keyId, assertion } from then on
import express from 'express';
import { definePolicy, EvidenceError, sessionPolicy } from 'express-session-policy';
import { clientAttestation } from 'express-session-policy/attestation/client';
import { listen, runDirectly, secret } from '../listen.js';
import { ISSUER, newAttester } from './attester.js';

const AUDIENCE = 'https://api.example.com';

const policy = definePolicy({
  version: 1,
  profiles: { phone: { preset: 'mobile', device: { trust: 'bound' } } },
  apps: {
    phone: {
      profile: 'phone',
      match: { paths: ['/'] },
      loginUrl: '/login',
      routes: [{ id: 'send', methods: ['POST'], path: '/send', device: { trust: 'attested' } }],
    },
  },
});

export async function start({ port = 3000 } = {}) {
  const attester = await newAttester();
  const genuine = clientAttestation({ issuers: { [ISSUER]: attester.jwks }, clientId: 'phone-app', audience: AUDIENCE });
  const app = express();
  const sessions = sessionPolicy({ policy, secret, log: () => undefined });
  app.use(sessions);

  app.post('/login', async (req, res) => {
    res.json(await req.sessionPolicy.signIn({ subject: { id: 'ada', kind: 'user' }, amr: ['pwd'] }));
  });
  app.post('/challenge', async (req, res) => void res.json({ challenge: await req.sessionPolicy.device.challenge() }));
  app.post('/attest', async (req, res) => void res.json({ trust: await req.sessionPolicy.device.attest(genuine, req.headers) }));
  app.post('/send', (_req, res) => void res.json({ sent: true }));

  app.use((error, _req, res, _next) => {
    const cause = error.cause instanceof EvidenceError ? error.cause.code : undefined;
    res.status(error.status ?? 500).json({ error: cause ?? error.code });
  });

  const { url, close } = await listen(app, port, () => sessions.close());
  return { url, close, attester, audience: AUDIENCE };
}

await runDirectly(import.meta, start);
