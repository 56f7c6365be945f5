// A session that a person can see: how long it lasts, a warning before it ends, where else they are signed in, and a confirmation in the middle
// of something that leaves the page as it is. Open http://localhost:3000 in a browser, in two tabs.
//
//   npm run build && node examples/session-endpoints/server.js
//   curl -c jar -X POST localhost:3000/login
//   curl -b jar localhost:3000/session                                the rule, where it comes from, and the seconds left
//   curl -b jar 'localhost:3000/session?for=/transfer&method=POST'    what that route would ask
//   curl -b jar -X POST localhost:3000/session/keep-alive             the same as the first, after counting as activity
//   curl -b jar localhost:3000/session/sessions                       one's own sessions
//   curl -b jar -X POST localhost:3000/session/sessions/end-others    401: ending them asks for a confirmation
//   curl -i -b jar -c jar -X POST localhost:3000/reauthenticate       303: here anybody who asks is believed
//   curl -b jar -X POST localhost:3000/session/sessions/end-others    {"ended":0,"durable":true}
//   curl -i -b jar -X POST localhost:3000/session/sign-out            204
import express from 'express';
import { definePolicy, sessionEndpoints, sessionPolicy } from 'express-session-policy';
import { listen, runDirectly, secret } from '../listen.js';

const policy = definePolicy({
  version: 1,
  assurance: ['aal1', 'aal2'],
  profiles: { staff: { preset: 'staff-web', idle: '90s', absolute: '1h' } },
  apps: {
    desk: { profile: 'staff', routes: [{ id: 'transfer', path: '/transfer', methods: ['POST'], stepUp: { maxAge: '1m', level: 'aal2' } }] },
  },
});

const form = (req, label) => `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>${label}</title>
<h1>${label}</h1><form method="post" action="${req.originalUrl.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}"><button>${label}</button></form>`;

export function start({ port = 3000, clock } = {}) {
  const app = express();
  const sessions = sessionPolicy({ policy, secret, ...(clock && { clock }) });
  app.use(sessions);
  app.use('/session', sessionEndpoints({ stepUp: { maxAge: '5m', level: 'aal2' } }));

  // Both pages are open to everybody, and say themselves who has to be there. A real application checks a password, a passkey or a code.
  app.get('/login', (req, res) => void res.type('html').send(form(req, 'Sign in')));
  app.post('/login', async (req, res) => {
    await req.sessionPolicy.signIn({ subject: { id: 'u1', kind: 'user' }, amr: ['pwd'], level: 'aal1' });
    res.redirect(303, req.sessionPolicy.returnTo());
  });
  app.get('/reauthenticate', (req, res) => void res.type('html').send(form(req, 'Confirm that it is you')));
  app.post('/reauthenticate', async (req, res) => {
    if (req.sessionPolicy.subject === undefined) return void res.sendStatus(401);
    await req.sessionPolicy.reauthenticated({ amr: ['otp'], level: 'aal2' });
    res.redirect(303, req.sessionPolicy.returnTo());
  });

  app.post('/transfer', (_req, res) => void res.send('transferred\n'));
  app.get('/', (_req, res) => res.sendFile('page.html', { root: import.meta.dirname }));
  app.get('/page.js', (_req, res) => res.sendFile('page.js', { root: import.meta.dirname }));
  return listen(app, port, () => sessions.close());
}

await runDirectly(import.meta, start);
