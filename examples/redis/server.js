// Sessions in Redis: they survive a restart and are shared by all processes. Every store call has a deadline, so that a Redis that
// hangs is answered with 503 and never with a page of somebody who is not known to be signed in.
//
//   redis-server --maxmemory-policy noeviction &
//   npm run build && REDIS_URL=redis://localhost:6379 node examples/redis/server.js
//   curl -c jar -X POST localhost:3000/login
//   curl -b jar localhost:3000/                                              Hello u1
//   (stop the example, start it again with the same SESSION_SECRET)
//   curl -b jar localhost:3000/                                              Hello u1
//   (stop Redis)
//   curl -i -b jar localhost:3000/                                           503, Retry-After: 2
import express from 'express';
import { redisStore, sessionPolicy } from 'express-session-policy';
import { Redis } from 'ioredis';
import { listen, runDirectly, secret } from '../listen.js';

export async function start({ port = 3000, redisUrl = process.env.REDIS_URL ?? 'redis://localhost:6379', sessionSecret = secret } = {}) {
  // The client reconnects by itself, and the store answers for every failure; without a listener Node would end the process.
  const client = new Redis(redisUrl).on('error', () => undefined);
  const store = redisStore({ client, prefix: 'example:', deadline: 250 });
  const sessions = sessionPolicy({ profile: 'staff-web', secret: sessionSecret, store });
  await sessions.ready();

  const app = express();
  app.use(sessions);

  app.post('/login', async (req, res) => {
    await req.sessionPolicy.signIn({ subject: { id: 'u1', kind: 'user' }, amr: ['pwd'], level: 'aal1' });
    res.sendStatus(204);
  });

  app.get('/', (req, res) => void res.send(`Hello ${req.sessionPolicy.subject.id}\n`));

  return listen(app, port, async () => {
    await sessions.close();
    client.disconnect();
  });
}

await runDirectly(import.meta, start);
