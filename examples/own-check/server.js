// A check of the application's own, without any page or method of the suite: a handler that looks at a code, express-rate-limit that counts
// the tries, and reauthenticated() that says what was reached.
//
//   npm run build && node examples/own-check/server.js
//   curl -c jar -X POST localhost:3000/login
//   curl -b jar -X POST localhost:3000/transfer                              401: "reason":"assurance_insufficient"
//   curl -b jar -X POST localhost:3000/reauthenticate -d code=000000         403: wrong; the sixth in 15 minutes: 429, whatever the code
//   curl -b jar -c jar -X POST localhost:3000/reauthenticate -d code=123456  204
//   curl -b jar -X POST localhost:3000/transfer                              transferred
import express from 'express';
import { rateLimit } from 'express-rate-limit';
import { sessionPolicy, stepUp } from 'express-session-policy';
import { listen, runDirectly, secret } from '../listen.js';

export function start({ port = 3000, clock } = {}) {
  const app = express();
  const sessions = sessionPolicy({ profile: 'staff-web', secret, ...(clock && { clock }) });
  app.use(sessions, express.urlencoded({ extended: false }));

  app.post('/login', async (req, res) => {
    await req.sessionPolicy.signIn({ subject: { id: 'ada', kind: 'user' }, amr: ['pwd'], level: 'aal1' });
    res.sendStatus(204);
  });

  // By person: a stolen session gets no new tries by signing in again, nor from another address. Several processes share the count with
  // a store, rate-limit-redis for one.
  const fewTries = rateLimit({
    windowMs: 15 * 60_000,
    limit: 5,
    keyGenerator: (req) => JSON.stringify(req.sessionPolicy.subject),
    skipSuccessfulRequests: true,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
  });

  app.post('/reauthenticate', signedIn, fewTries, async (req, res) => {
    // A real application checks a real code, and takes each only once.
    if (req.body?.code !== '123456') return void res.sendStatus(403);
    await req.sessionPolicy.reauthenticated({ amr: ['otp'], level: 'aal2' });
    res.sendStatus(204);
  });

  app.post('/transfer', stepUp({ maxAge: '5m', level: 'aal2' }), (_req, res) => void res.send('transferred\n'));
  return listen(app, port, () => sessions.close());
}

/** Everybody may open the address of the reauthentication, so it says itself who has to be there. */
function signedIn(req, res, next) {
  if (req.sessionPolicy.subject === undefined) return void res.sendStatus(401);
  next();
}

await runDirectly(import.meta, start);
