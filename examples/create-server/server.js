// createServer makes an http (or https) server whose requests are born as the app's own, which spares Express the most expensive
// thing that it does on Node 20. The answers are the same; only the line that listens differs.
//
//   npm run build && node examples/create-server/server.js
//   curl -c jar -X POST localhost:3000/login
//   curl -b jar localhost:3000/                                              Hello u1
import express from 'express';
import { createServer, sessionPolicy } from 'express-session-policy';
import { listen, runDirectly, secret } from '../listen.js';

export function start({ port = 3000, clock } = {}) {
  const app = express();
  const sessions = sessionPolicy({ profile: 'staff-web', secret, ...(clock && { clock }) });
  app.use(sessions);

  app.post('/login', async (req, res) => {
    await req.sessionPolicy.signIn({ subject: { id: 'u1', kind: 'user' }, amr: ['pwd'], level: 'aal1' });
    res.sendStatus(204);
  });

  app.get('/', (req, res) => void res.send(`Hello ${req.sessionPolicy.subject.id}\n`));

  return listen(createServer(app), port, () => sessions.close());
}

await runDirectly(import.meta, start);
