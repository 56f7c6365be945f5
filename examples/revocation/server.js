// Ending sessions: a person sees and ends their own, an administrator ends all of somebody's in one step, and from then on every
// cookie of theirs is refused with the reason.
//
//   npm run build && node examples/revocation/server.js
//   curl -c laptop -X POST localhost:3000/login -d who=ada
//   curl -c phone  -X POST localhost:3000/login -d who=ada
//   curl -b laptop localhost:3000/sessions                                   two of them
//   curl -b laptop -X POST localhost:3000/sessions/end-others                {"ended":1,…}
//   curl -i -b phone localhost:3000/sessions                                 401 session_revoked
//   curl -c root -X POST localhost:3000/login -d who=root
//   curl -b root -X POST localhost:3000/people/ada/sign-out                  {"ended":1,…}
//   curl -i -b laptop localhost:3000/sessions                                401 session_revoked
import express from 'express';
import { sessionPolicy } from 'express-session-policy';
import { listen, runDirectly, secret } from '../listen.js';

export function start({ port = 3000, clock } = {}) {
  const app = express();
  const sessions = sessionPolicy({ profile: 'staff-web', secret, ...(clock && { clock }) });
  app.use(sessions, express.urlencoded({ extended: false }));

  app.post('/login', async (req, res) => {
    await req.sessionPolicy.signIn({ subject: { id: String(req.body?.who), kind: 'user' }, amr: ['pwd'] });
    res.sendStatus(204);
  });

  app.get('/sessions', async (req, res) => void res.json(await req.sessionPolicy.sessions()));
  app.post('/sessions/end-others', async (req, res) => void res.json(await req.sessionPolicy.revokeOthers()));

  app.post('/people/:id/sign-out', async (req, res) => {
    // Who may do this is the application's own rule.
    if (req.sessionPolicy.subject.id !== 'root') return void res.sendStatus(403);
    res.json(await sessions.revoke({ subject: req.params.id }));
  });

  return listen(app, port, () => sessions.close());
}

await runDirectly(import.meta, start);
