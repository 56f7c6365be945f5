// Sending money has to be confirmed with a passkey, for exactly this amount and this person. Try it in a browser, since that is where
// passkeys are (localhost is good enough for them):
//
//   npm run build && node examples/passkey/server.js
//   http://localhost:3000    sign in, add a passkey, send money: you confirm with your device, see what is sent once more, and send it
//
// Without a passkey the page says that nothing is enough. A password is: for adding a passkey, if the sign-in is not recent any more.
import { createServer } from 'node:http';
import express from 'express';
import { confirmationForm, confirmationPage, definePolicy, memoryStore, sessionPolicy, stepUp } from 'express-session-policy';
import { memoryPasskeys, passkey } from 'express-session-policy/step-up/passkey';
import { listen, runDirectly, secret } from '../listen.js';
import { accountPage, sentPage, signInPage } from './pages.js';
import { registration } from './registration.js';

const PASSWORD = 'open sesame';

const policy = definePolicy({
  version: 1,
  assurance: ['aal1', 'phishing-resistant'],
  profiles: { web: { preset: 'staff-web', idle: '15m' } },
  apps: { bank: { profile: 'web', routes: [{ id: 'sign-in', path: '/login', access: 'public' }] } },
});

export async function start({ port = 3000, clock } = {}) {
  const server = createServer();
  const store = memoryStore(clock && { clock });
  const sessions = sessionPolicy({ policy, secret, store });
  const running = await listen(server, port, () => sessions.close());
  server.on('request', bank(running.url, sessions));
  return running;
}

/** Passkeys belong to an origin, so the app has to know its own: from its configuration, never from a request. */
function bank(origin, sessions) {
  const passkeys = memoryPasskeys();
  const app = express();
  app.use(sessions, express.urlencoded({ extended: false }));

  app.get('/login', (req, res) => void res.send(signInPage(req.originalUrl)));
  app.post('/login', async (req, res) => {
    if (req.body?.password !== PASSWORD) return void res.status(403).send(signInPage(req.originalUrl, 'That is not right.'));
    await req.sessionPolicy.signIn({ subject: { id: 'ada', kind: 'user' }, amr: ['pwd'], level: 'aal1' });
    res.redirect(303, req.sessionPolicy.returnTo('/'));
  });

  const withPassword = confirmationForm({
    id: 'password',
    title: 'With your password',
    fields: [{ name: 'password', label: 'Password', autocomplete: 'current-password' }],
    level: 'aal1',
    amr: ['pwd'],
    verify: ({ password }) => password === PASSWORD,
  });
  const withPasskey = passkey({ origin, store: passkeys, level: 'phishing-resistant' });
  app.use('/reauthenticate', confirmationPage({ methods: [withPasskey, withPassword] }));
  app.use('/passkeys', registration({ origin, passkeys, rpName: 'The bank' }));

  app.get('/', async (req, res) => void res.send(accountPage(await passkeys.list(req.sessionPolicy.subject))));
  app.get('/add-passkey.js', (_req, res) => res.sendFile('public/add-passkey.js', { root: import.meta.dirname }));
  app.post('/transfer', confirmed, (req, res) => void res.send(sentPage(req.body)));
  return app;
}

const confirmed = stepUp({
  level: 'phishing-resistant',
  once: true,
  bind: (req) => ({ to: req.body.to, amount: req.body.amount }),
  describe: (req) => `Send ${req.body.amount} € to ${req.body.to}`,
});

await runDirectly(import.meta, start);
