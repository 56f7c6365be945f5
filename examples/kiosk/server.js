// A workstation that several people share. Whoever signs out, or is signed out by somebody else's sign-in, leaves nothing behind: no
// session, no cookie, nothing that pages kept, and no page behind the back button. What needs a step-up is sent to a device of the own.
//
//   npm run build && node examples/kiosk/server.js                           and open http://localhost:3000, or:
//   curl -c jar -X POST localhost:3000/login -d who=ann
//   curl -b jar -c jar -X POST localhost:3000/note -d note=ann-was-here
//   curl -i -b jar -c jar -X POST localhost:3000/login -d who=bob            Clear-Site-Data: "cache", "storage"
//   curl -b jar localhost:3000/                                              Hello bob, no note
//   curl -i -b jar -X POST localhost:3000/prescribe                          403: step_up_refused, with ownDeviceUrl
//   curl -i -b jar -c jar -X POST localhost:3000/logout                      Clear-Site-Data: "cache", "cookies", "storage"
import express from 'express';
import { definePolicy, sessionPolicy, stepUp } from 'express-session-policy';
import { listen, runDirectly, secret } from '../listen.js';

const policy = definePolicy({
  version: 1,
  profiles: { ward: { preset: 'kiosk' } },
  apps: { ward: { profile: 'ward', ownDeviceUrl: 'https://my.hospital.example/prescriptions' } },
});

// autocomplete="off": browsers bring back what was typed into other fields, whoever presses the back button.
const form = (action, name, label) => `<form method="post" action="${action}">
  ${name ? `<input name="${name}" aria-label="${name}" autocomplete="off">` : ''}<button>${label}</button></form>`;

export function start({ port = 3000, clock } = {}) {
  const app = express();
  const sessions = sessionPolicy({ policy, secret, ...(clock && { clock }) });
  app.use(sessions, express.urlencoded({ extended: false }));

  app.get('/login', (_req, res) => void res.send(form('/login', 'who', 'Sign in')));
  app.post('/login', async (req, res) => {
    // A stand-in: a real workstation reads a badge or a passkey.
    await req.sessionPolicy.signIn({ subject: { id: /^\w{1,20}$/.exec(req.body.who ?? '')?.[0] ?? 'ann', kind: 'user' } });
    res.redirect(303, '/');
  });
  app.post('/logout', async (req, res) => {
    await req.sessionPolicy.signOut();
    res.redirect(303, '/login');
  });

  app.get('/', (req, res) => {
    const hello = `<p>Hello ${req.sessionPolicy.subject.id}, ${req.session.note ? 'one note' : 'no note'}</p>`;
    res.send(
      hello +
        form('/note', 'note', 'Note') +
        form('/prescribe', '', 'Prescribe') +
        form('/login', 'who', 'I am somebody else') +
        form('/logout', '', 'Sign out'),
    );
  });
  app.post('/note', (req, res) => {
    req.session.note = req.body.note;
    res.redirect(303, '/');
  });
  app.post('/prescribe', stepUp({ maxAge: '1m' }), (_req, res) => void res.send('prescribed'));

  return listen(app, port, () => sessions.close());
}

await runDirectly(import.meta, start);
