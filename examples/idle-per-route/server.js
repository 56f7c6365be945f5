// One session, three answers to being away. The session as a whole ends after ten minutes without activity; the report asks
// again after twenty seconds; the heartbeat never keeps anybody signed in.
//
//   npm run build && node examples/idle-per-route/server.js
//   curl -c jar -X POST localhost:3000/login
//   curl -b jar localhost:3000/report                                        the report
//   sleep 21; curl -b jar localhost:3000/                                    home: the session is alive …
//   curl -i -b jar localhost:3000/report                                     401 route_idle_timeout: … and coming by home did not help
//   curl -b jar -c jar -X POST localhost:3000/reauthenticate                 204
//   curl -b jar localhost:3000/report                                        the report
import express from 'express';
import { idleTimeout, passive, sessionPolicy } from 'express-session-policy';
import { listen, runDirectly, secret } from '../listen.js';

export function start({ port = 3000, clock } = {}) {
  const app = express();
  const profile = { preset: 'staff-web', idle: '10m', absolute: '8h' };
  const sessions = sessionPolicy({ profile, secret, ...(clock && { clock }) });
  app.use(sessions);

  app.post('/login', async (req, res) => {
    await req.sessionPolicy.signIn({ subject: { id: 'u1', kind: 'user' }, amr: ['pwd'] });
    res.sendStatus(204);
  });

  app.post('/reauthenticate', async (req, res) => {
    // A real application asks for the password here.
    if (req.sessionPolicy.subject === undefined) return void res.sendStatus(401);
    await req.sessionPolicy.reauthenticated({ amr: ['pwd'] });
    res.sendStatus(204);
  });

  app.get('/', (_req, res) => void res.send('home\n'));
  app.get('/report', idleTimeout('20s'), (_req, res) => void res.send('the report\n'));
  app.get('/heartbeat', passive(), (req, res) => void res.json(req.sessionPolicy.explain().left));

  return listen(app, port, () => sessions.close());
}

await runDirectly(import.meta, start);
