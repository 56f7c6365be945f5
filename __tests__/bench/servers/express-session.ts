import { RedisStore } from 'connect-redis';
import express from 'express';
import session, { type Store } from 'express-session';
import { createClient } from 'redis';
import type { Row } from '../rows.ts';
import { IDLE_MS, PAGE_PATH, SECRET, SIGN_IN_PATH, type Visitor, page, visitorOf } from '../site.ts';
import type { BuiltServer } from './built-server.ts';

/** express-session with its memory store or connect-redis. Both push the end of a session back with every request. */
export async function build({ store, rolling }: Row, redisUrl: string): Promise<BuiltServer> {
  const app = express();
  app.use(
    session({
      secret: SECRET,
      resave: false,
      saveUninitialized: false,
      rolling,
      cookie: rolling ? { maxAge: IDLE_MS, sameSite: 'lax' } : { sameSite: 'lax' },
      ...(store === 'redis' ? { store: await redisStore(redisUrl) } : {}),
    }),
  );
  app.get(SIGN_IN_PATH, (req, res) => {
    Object.assign(req.session, { visitor: visitorOf(req.query) });
    res.status(204).end();
  });
  app.get(PAGE_PATH, (req, res) => res.json(page((req.session as unknown as { visitor?: Visitor }).visitor)));
  return { app };
}

async function redisStore(url: string): Promise<Store> {
  const client = createClient({ url });
  await client.connect();
  return new RedisStore({ client, ttl: IDLE_MS / 1000 });
}
