// A transfer asks for a sign-in that is at most five minutes old and made with a second factor, and every confirmation opens it
// once. Reading the balance asks for nothing of the kind.
//
//   npm run build && node examples/step-up/server.js
//   curl -c jar -X POST localhost:3000/login
//   curl -b jar localhost:3000/balance                                       120
//   curl -i -b jar -X POST localhost:3000/transfer                           401: insufficient_user_authentication, acr_values="aal2"
//   curl -b jar -c jar -X POST localhost:3000/reauthenticate -d code=123456  204
//   curl -b jar -X POST localhost:3000/transfer                              transferred
//   curl -i -b jar -X POST localhost:3000/transfer                           401: asks again, as it is for once only
import express from 'express';
import { sessionPolicy, stepUp } from 'express-session-policy';
import { listen, runDirectly, secret } from '../listen.js';

export function start({ port = 3000, clock } = {}) {
  const app = express();
  const sessions = sessionPolicy({ profile: 'staff-web', secret, ...(clock && { clock }) });
  app.use(sessions, express.urlencoded({ extended: false }));

  app.post('/login', async (req, res) => {
    await req.sessionPolicy.signIn({ subject: { id: 'u1', kind: 'user' }, amr: ['pwd'], level: 'aal1' });
    res.sendStatus(204);
  });

  app.post('/reauthenticate', async (req, res) => {
    // Everybody may open this address, so it says itself who has to be there. A real application checks a real code.
    if (req.sessionPolicy.subject === undefined) return void res.sendStatus(401);
    if (req.body?.code !== '123456') return void res.sendStatus(403);
    await req.sessionPolicy.reauthenticated({ amr: ['otp'], level: 'aal2' });
    res.sendStatus(204);
  });

  app.get('/balance', (_req, res) => void res.send('120\n'));
  app.post('/transfer', stepUp({ maxAge: '5m', level: 'aal2', once: true }), (_req, res) => void res.send('transferred\n'));

  return listen(app, port, () => sessions.close());
}

await runDirectly(import.meta, start);
