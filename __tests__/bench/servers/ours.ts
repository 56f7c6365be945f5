import express from 'express';
import { Redis } from 'ioredis';
import { memoryStore, redisStore, sessionPolicy } from '../../../lib/index.ts';
import { benchmarkPolicy } from '../policy.ts';
import type { Row } from '../rows.ts';
import { PAGE_PATH, SECRET, SIGN_IN_PATH, type Visitor, page, visitorOf } from '../site.ts';
import type { BuiltServer } from './built-server.ts';

/** This package, enforcing a whole policy: 4 apps, 40 routes, 10 conditions. */
export function build({ store }: Row, redisUrl: string): BuiltServer {
  const app = express();
  app.use(
    sessionPolicy({
      policy: benchmarkPolicy,
      secret: SECRET,
      store: store === 'redis' ? redisStore({ client: new Redis(redisUrl) }) : memoryStore(),
      loginUrl: SIGN_IN_PATH,
    }),
  );
  app.get(SIGN_IN_PATH, async (req, res) => {
    const visitor = visitorOf(req.query);
    await req.sessionPolicy.signIn({ subject: { id: visitor.id, kind: 'user' }, amr: ['pwd'], level: 'aal1' });
    Object.assign(req.session, { visitor });
    res.status(204).end();
  });
  app.get(PAGE_PATH, (req, res) => res.json(page((req.session as unknown as { visitor?: Visitor }).visitor)));
  return { app };
}
