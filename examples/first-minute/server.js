// The shortest way to start: one app on the preset for internal applications (15 minutes idle, 12 hours in all).
//
//   npm run build && node examples/first-minute/server.js
//   curl -i localhost:3000/                                                  401: sign in first
//   curl -i -c jar -X POST localhost:3000/login                              204, with a session cookie
//   curl -b jar localhost:3000/                                              Hello u1, …
import express from 'express';
import { sessionPolicy } from 'express-session-policy';
import { listen, runDirectly, secret } from '../listen.js';

export function start({ port = 3000, clock } = {}) {
  const app = express();
  const sessions = sessionPolicy({ profile: 'staff-web', secret, ...(clock && { clock }) });
  app.use(sessions);

  app.post('/login', async (req, res) => {
    await req.sessionPolicy.signIn({ subject: { id: 'u1', kind: 'user' }, amr: ['pwd'], level: 'aal1' });
    res.sendStatus(204);
  });

  app.get('/', (req, res) => {
    req.session.visits = (req.session.visits ?? 0) + 1;
    res.send(`Hello ${req.sessionPolicy.subject.id}, visit ${req.session.visits}\n`);
  });

  return listen(app, port, () => sessions.close());
}

await runDirectly(import.meta, start);
