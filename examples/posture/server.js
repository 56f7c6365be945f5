// Records are read on devices that a device manager calls compliant, and only as long as it does: it says so with a signed assertion about
// the key that the session is bound to, and takes it back by a push.
//
//   npm run build && node examples/posture/client.js                         starts this, and shows a device that stops being compliant
import { timingSafeEqual } from 'node:crypto';
import express from 'express';
import { definePolicy, sessionPolicy } from 'express-session-policy';
import { postureAssertion } from 'express-session-policy/posture';
import { listen, runDirectly, secret } from '../listen.js';
import { AUDIENCE, ISSUER, newManager } from './manager.js';

const policy = definePolicy({
  version: 1,
  profiles: {
    nurses: { preset: 'mobile', device: { trust: 'bound' } },
    push: { preset: 'public-web' },
  },
  apps: {
    ward: {
      profile: 'nurses',
      match: { paths: ['/'] },
      loginUrl: '/login',
      routes: [{ id: 'records', path: '/records', device: { trust: 'managed' } }],
    },
    push: { profile: 'push', match: { paths: ['/push'] } },
  },
});

export async function start({ port = 3000, pushToken = 'the device manager keeps this secret' } = {}) {
  const manager = await newManager();
  const posture = postureAssertion({ issuer: ISSUER, jwks: manager.jwks, audience: AUDIENCE });
  const app = express();
  const sessions = sessionPolicy({ policy, secret, log: () => undefined });
  app.use(sessions, express.json());

  app.post('/login', async (req, res) => {
    res.json(await req.sessionPolicy.signIn({ subject: { id: 'ada', kind: 'user' }, amr: ['pwd'] }));
  });
  app.post('/posture', async (req, res) => {
    res.json({ trust: await req.sessionPolicy.device.attest(posture, req.body.assertion) });
  });
  app.get('/records', (_req, res) => void res.json({ records: 3 }));

  // What comes here is from the device manager. It can only take trust away.
  app.post('/push', async (req, res) => {
    if (!isFrom(req, pushToken)) return void res.sendStatus(401);
    const { key, end } = req.body;
    res.json({ sessions: await sessions.devices.report({ key, compliant: false, end }) });
  });

  app.use((error, _req, res, _next) => void res.status(error.status ?? 500).json({ error: error.cause?.code ?? error.code }));
  const { url, close } = await listen(app, port, () => sessions.close());
  return { url, close, manager, pushToken };
}

function isFrom({ headers }, token) {
  const [sent, expected] = [headers.authorization ?? '', `Bearer ${token}`].map((text) => Buffer.from(text));
  return sent.length === expected.length && timingSafeEqual(sent, expected);
}

await runDirectly(import.meta, start);
