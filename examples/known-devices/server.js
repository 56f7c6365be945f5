// A payout goes only from a device that its owner has enrolled before, with a second factor. Open http://localhost:3000 in two browsers, or
// try it with two cookie jars, which are two devices.
//
//   npm run build && node examples/known-devices/server.js
//   curl -c jar -X POST localhost:3000/login
//   curl -b jar -X POST localhost:3000/payout                                      403 device_trust_insufficient
//   curl -b jar -d 'label=My laptop' localhost:3000/session/devices                401: enrolling asks for a second factor
//   curl -b jar -c jar -X POST localhost:3000/reauthenticate                       204: here anybody who asks is believed
//   curl -b jar -c jar -d 'label=My laptop' localhost:3000/session/devices         {"handle":"…"}
//   curl -b jar -X POST localhost:3000/payout                                      paid out
//   curl -b jar -c jar -X POST localhost:3000/session/sign-out                     the device stays known:
//   curl -b jar -c jar -X POST localhost:3000/login && curl -b jar -X POST localhost:3000/payout
//   curl -c other -X POST localhost:3000/login                                     the same person on another device:
//   curl -b other -X POST localhost:3000/payout                                    403 device_trust_insufficient
//   curl -b jar localhost:3000/session/devices                                     the list, to be shown to its owner
//   curl -b jar -X DELETE localhost:3000/session/devices/<handle>                  204, and it is known no more, in no session
//
// What is said about copies: copy the jar, sign in with both a minute apart. The second one is not known, nor is the first any more.
import express from 'express';
import { definePolicy, sessionEndpoints, sessionPolicy } from 'express-session-policy';
import { listen, runDirectly, secret } from '../listen.js';
import { accountPage, button, escaped, page } from './pages.js';

const policy = definePolicy({
  version: 1,
  assurance: ['aal1', 'aal2'],
  profiles: { web: { preset: 'public-web', enrolment: { level: 'aal2', maxAge: '5m' } } },
  apps: {
    bank: {
      profile: 'web',
      routes: [
        { id: 'account', path: '/', access: 'authenticated' },
        { id: 'payout', path: '/payout', methods: ['POST'], device: { trust: 'known' }, access: 'authenticated' },
      ],
    },
  },
});

export function start({ port = 3000, clock, log = console.log } = {}) {
  const app = express();
  const audit = ({ type, device, subject }) => type === 'device' && log(`${subject.id}: a device was ${device.action}`);
  const sessions = sessionPolicy({ policy, secret, audit, ...(clock && { clock }) });
  app.use(sessions);
  app.use('/session', sessionEndpoints());

  // Stand-ins for a password and for a second factor.
  app.get('/login', (req, res) => void res.send(page('Sign in', button(escaped(req.originalUrl), 'I am Ada'))));
  app.post('/login', async (req, res) => {
    await req.sessionPolicy.signIn({ subject: { id: 'ada', kind: 'user' }, amr: ['pwd'], level: 'aal1' });
    goOn(req, res);
  });
  app.get('/reauthenticate', (req, res) => void res.send(page('Second factor', button(escaped(req.originalUrl), 'It is me'))));
  app.post('/reauthenticate', async (req, res) => {
    await req.sessionPolicy.reauthenticated({ amr: ['otp'], level: 'aal2' });
    goOn(req, res);
  });

  app.get('/', async (req, res) => void res.send(accountPage(await req.sessionPolicy.device.list(), req.sessionPolicy.device.trust)));
  app.post('/payout', (_req, res) => void res.send('paid out\n'));
  return listen(app, port, () => sessions.close());
}

function goOn(req, res) {
  if (req.accepts(['json', 'html']) === 'html') res.redirect(303, req.sessionPolicy.returnTo());
  else res.sendStatus(204);
}

await runDirectly(import.meta, start);
