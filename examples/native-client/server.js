// What a native application talks to: its session is a token in a header, bound to a key that stays on the device (DPoP, RFC 9449).
//
//   npm run build && node examples/native-client/client.js                   starts both, and shows what they say to each other
//   node examples/native-client/offline.js                                   the same, without a connection in between
//   node examples/native-client/server.js                                    or the server alone
//   curl -i -X POST localhost:3000/login -H 'dpop: no.proof.atall'           401: a proof that is none is refused
//   curl -i localhost:3000/account                                           401: WWW-Authenticate names the schemes
import express from 'express';
import { definePolicy, sessionPolicy } from 'express-session-policy';
import { listen, runDirectly, secret } from '../listen.js';

const policy = definePolicy({
  version: 1,
  assurance: ['aal1', 'aal2'],
  profiles: {
    phone: {
      preset: 'mobile',
      idle: '14d',
      absolute: '30d',
      // Whoever signs in without a key gets nowhere with the token.
      device: { trust: 'bound' },
      dpop: { window: '30s', nonce: 'required' },
      // Without a connection it may go on for a working day, with this and nothing else.
      offline: { lease: '12h', scopes: ['visits:write'] },
    },
  },
  apps: { phone: { profile: 'phone', match: { paths: ['/'] } } },
});

export function start({ port = 3000, clock } = {}) {
  const app = express();
  const sessions = sessionPolicy({ policy, secret, ...(clock && { clock }) });
  app.use(sessions);

  // A real application checks a password or a passkey here. The key comes with the request, in its DPoP header.
  app.post('/login', async (req, res) => {
    res.json(await req.sessionPolicy.signIn({ subject: { id: 'ada', kind: 'user' }, amr: ['pwd'], level: 'aal1' }));
  });

  app.get('/account', (req, res) => {
    const { subject, device } = req.sessionPolicy;
    res.json({ name: subject.id, balance: 120, device: device.trust });
  });

  app.post('/token', async (req, res) => void res.json(await req.sessionPolicy.renew()));

  app.post('/offline/lease', async (req, res) => void res.json(await req.sessionPolicy.offline.lease({ scopes: ['visits:write'] })));

  // What was accepted is carried out once, however often it is brought: the same action has the same id.
  const visits = new Map();
  app.post('/offline/return', express.json({ limit: '1mb' }), async (req, res) => {
    const report = await req.sessionPolicy.offline.settle(req.body);
    for (const { id, outcome, action, doneAt } of report.actions) if (outcome !== 'refused') visits.set(id, { ...action, doneAt });
    res.json({ ...report, visits: visits.size });
  });

  app.post('/logout', async (req, res) => {
    await req.sessionPolicy.signOut();
    res.sendStatus(204);
  });

  return listen(app, port, () => sessions.close());
}

await runDirectly(import.meta, start);
