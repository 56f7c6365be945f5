import express from 'express';
import { Redis } from 'ioredis';
import { idleTimeout, memoryStore, redisStore, sessionPolicy, stepUp } from '../../../lib/index.ts';
import { benchmarkPolicy } from '../policy.ts';
import type { Row } from '../rows.ts';
import { PAGE_PATH, SECRET, SIGN_IN_PATH, type Visitor, page, visitorOf } from '../site.ts';
import type { BuiltServer } from './built-server.ts';

/** This package, enforcing a whole policy: 4 apps, 40 routes, 10 conditions. */
export function build({ guarded, store }: Row, redisUrl: string): BuiltServer {
  const app = express();
  app.use(
    sessionPolicy({
      policy: benchmarkPolicy,
      secret: SECRET,
      store: store === 'redis' ? redisStore({ client: new Redis(redisUrl), deadline: 5_000 }) : memoryStore(),
      loginUrl: SIGN_IN_PATH,
    }),
  );
  app.get(SIGN_IN_PATH, async (req, res) => {
    const visitor = visitorOf(req.query);
    await req.sessionPolicy.signIn({ subject: { id: visitor.id, kind: 'user' }, amr: ['pwd'], level: 'aal1' });
    Object.assign(req.session, { visitor });
    res.status(204).end();
  });
  const guards = guarded === true ? [idleTimeout('10m'), stepUp({ maxAge: '10m' }), stepUp({ level: 'aal1' })] : [];
  app.get(PAGE_PATH, ...guards, (req, res) => res.json(page((req.session as unknown as { visitor?: Visitor }).visitor)));
  return { app };
}
