import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import express, { type Express, type Request, type Response } from 'express';
import { auth } from 'express-oauth2-jwt-bearer';
import { Redis } from 'ioredis';
import { definePolicy, redisStore, requireDevice, type SessionPolicyOptions, sessionPolicy } from '../../lib/index.ts';
import type { DeviceRow } from './devices-rows.ts';
import { AUDIENCE, ISSUER } from './devices-visitor.ts';
import { SECRET } from './site.ts';

// One server of the benchmark in a process of its own: `devices-serve.ts <server> <redis url> <options of TLS as JSON>`. Tells its parent
// its port, and its use of the processor whenever it is asked.
const [kind = '', redisUrl = '', tls = '{}'] = process.argv.slice(2);
const app = express();
mountAll(app, kind as DeviceRow['server']);
const server = kind === 'own-tls' ? createHttpsServer(JSON.parse(tls) as ServerOptions, app) : createHttpServer(app);
// Connections last from round to round: what they cost to begin is no part of a request.
server.keepAliveTimeout = 3_600_000;
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.on('message', () => process.send?.({ cpu: process.cpuUsage() }));
process.on('disconnect', () => process.exit());
process.send?.({ port: (server.address() as AddressInfo).port });

function mountAll(to: Express, named: DeviceRow['server']): void {
  if (named === 'bare-express') to.get('/account', page);
  else if (named === 'express-oauth2-jwt-bearer') mountJwtBearer(to);
  // A certificate over TLS from a proxy is the proxy's.
  else mountOwn(to, named === 'own' ? { trustProxy: 'loopback' } : {});
}

function page(_req: Request, res: Response): void {
  res.json({ page: true });
}

function mountOwn(to: Express, options: Pick<SessionPolicyOptions, 'trustProxy'>): void {
  const policy = definePolicy({
    version: 1,
    profiles: { phone: { preset: 'mobile' }, web: { preset: 'staff-web', dbsc: { proofLifetime: '10m' } } },
    apps: {
      phone: { profile: 'phone', match: { paths: ['/phone'] }, loginUrl: '/phone/login' },
      web: { profile: 'web', match: { paths: ['/web'] }, loginUrl: '/web/login' },
    },
  });
  const store = redisStore({ client: new Redis(redisUrl), deadline: 5_000 });
  to.use(sessionPolicy({ policy, secret: SECRET, store, ...options }));
  to.post(['/phone/login', '/web/login'], (req, res, next) => void signIn(req).then((signedIn) => res.json(signedIn), next));
  to.post('/web/devices', (req, res, next) => void req.sessionPolicy.device.enroll().then((enrolled) => res.json(enrolled), next));
  to.get(['/phone/account', '/web/account'], page);
  to.get(['/phone/bound', '/web/bound'], requireDevice('bound'), page);
  to.get('/web/known', requireDevice('known'), page);
}

function signIn({ query, sessionPolicy: session }: Request): Promise<object> {
  return session.signIn({ subject: { id: query['who'] as string, kind: 'user' }, amr: ['pwd'] });
}

/** With the cheapest signature of a token that it takes: what is compared is the proof. */
function mountJwtBearer(to: Express): void {
  const checked = { issuer: ISSUER, audience: AUDIENCE, secret: SECRET, tokenSigningAlg: 'HS256' };
  to.get('/account', auth({ ...checked, dpop: { enabled: false } }), page);
  to.get('/bound', auth({ ...checked, dpop: { enabled: true, required: true } }), page);
}
