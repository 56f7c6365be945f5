// A policy as a typed object. Names are literal types where they are used: write `app: 'shpo'` or `profile: 'wbe'` and the compiler
// says so, long before a request does.
//
//   npm run build && npx tsc -p examples/typescript && node examples/typescript/dist/server.js
//   curl -c jar -X POST localhost:3000/login
//   curl -b jar localhost:3000/                                              {"app":"shop","subject":"u1"}
//   curl -c root -X POST localhost:3000/admin/login
//   curl -b root -X POST localhost:3000/admin/close-shop                     everybody is signed out of the shop
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Request, type Response } from 'express';
import { definePolicy, type SessionPolicyMiddleware, sessionPolicy } from 'express-session-policy';

const policy = definePolicy({
  version: 1,
  profiles: {
    web: { preset: 'public-web', idle: '20m', absolute: '12h' },
    console: { preset: 'admin' },
  },
  apps: {
    shop: { profile: 'web', match: { paths: ['/'] } },
    admin: { profile: 'console', match: { paths: ['/admin'] }, loginUrl: '/admin/login' },
  },
});

/** Starts the example; port 0 takes any that is free. */
export async function start({ port = 3000 }: { port?: number } = {}): Promise<{ url: string; close: () => Promise<void> }> {
  const secret = process.env['SESSION_SECRET'] ?? randomBytes(32).toString('base64url');
  const sessions: SessionPolicyMiddleware<'shop' | 'admin'> = sessionPolicy({ policy, secret });
  const app = express();
  app.use(sessions);

  app.post(['/login', '/admin/login'], async (req: Request, res: Response) => {
    await req.sessionPolicy.signIn({ subject: { id: 'u1', kind: 'user' }, amr: ['pwd'], level: 'aal1' });
    res.sendStatus(204);
  });

  app.get('/', (req: Request, res: Response) => {
    const { app: name, subject } = req.sessionPolicy;
    res.json({ app: name, subject: subject?.id ?? null });
  });

  app.post('/admin/close-shop', async (_req: Request, res: Response) => void res.json(await sessions.revoke({ app: 'shop' })));

  const server: Server = app.listen(port);
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    server.close();
    await sessions.close();
  };
  return { url: `http://localhost:${(server.address() as AddressInfo).port}`, close };
}

if (import.meta.filename === process.argv[1]) console.log(`Listening on ${(await start()).url}. Stop with Ctrl+C.`);
