// passport signs people in as ever; `subject` tells the policy whose session it became. The id is replaced once, by passport's own
// regenerate, and every limit of the profile holds from then on.
//
//   npm run build && node examples/passport/server.js
//   curl -i -c jar localhost:3000/login -d username=ada -d password=demo     303 to /
//   curl -b jar localhost:3000/                                              Hello Ada, subject ada
//   curl -i localhost:3000/login -d username=ada -d password=wrong           401
import express from 'express';
import { sessionPolicy } from 'express-session-policy';
import passport from 'passport';
import { Strategy } from 'passport-local';
import { listen, runDirectly, secret } from '../listen.js';

const USERS = new Map([['ada', { id: 'ada', name: 'Ada' }]]);

function configured() {
  const authenticator = new passport.Passport();
  // A real application compares a password hash.
  authenticator.use(new Strategy((name, password, done) => done(null, password === 'demo' && (USERS.get(name) ?? false))));
  authenticator.serializeUser((user, done) => done(null, user.id));
  authenticator.deserializeUser((id, done) => done(null, USERS.get(id) ?? false));
  return authenticator;
}

export function start({ port = 3000, clock } = {}) {
  const app = express();
  const authenticator = configured();
  const subject = (req) => req.user && { id: req.user.id, kind: 'user', amr: ['pwd'], level: 'aal1' };
  const sessions = sessionPolicy({ profile: 'staff-web', secret, subject, ...(clock && { clock }) });
  app.use(sessions, express.urlencoded({ extended: false }), authenticator.session());

  app.post('/login', authenticator.authenticate('local'), (req, res) => res.redirect(303, req.sessionPolicy.returnTo('/')));

  app.get('/', (req, res) => {
    res.send(`Hello ${req.user.name}, subject ${req.sessionPolicy.subject.id}\n`);
  });

  app.post('/logout', async (req, res) => {
    await req.sessionPolicy.signOut();
    res.sendStatus(204);
  });

  return listen(app, port, () => sessions.close());
}

await runDirectly(import.meta, start);
