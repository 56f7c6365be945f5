// A token that is bound to a client certificate (RFC 8705): a copy of it opens nothing on a connection without that certificate. The program
// makes an authority and certificates, and prints where they are.
//
//   npm run build && node examples/mtls/server.js
//   cd <the directory that it prints>
//   curl --cacert ca.pem --cert ann.pem --key ann.key -X POST https://localhost:3000/token        {"token":"…"}
//   curl --cacert ca.pem --cert ann.pem --key ann.key -H "Authorization: Bearer <token>" https://localhost:3000/me
//                                                                                                  {"who":"ann","trust":"bound"}
//   curl --cacert ca.pem --cert eve.pem --key eve.key -H "Authorization: Bearer <token>" https://localhost:3000/me
//                                                                                                  401: device_proof_missing
//   curl --cacert ca.pem -H "Authorization: Bearer <token>" https://localhost:3000/me              401: device_proof_missing
//
// Behind a proxy that ends TLS: trustProxy names its address, and it sets or removes `Client-Cert` (RFC 9440) on every request.
import { createServer } from 'node:https';
import express from 'express';
import { definePolicy, sessionPolicy } from 'express-session-policy';
import { listen, runDirectly, secret } from '../listen.js';
import { makeCertificates } from './certificates.js';

const policy = definePolicy({
  version: 1,
  profiles: { programs: { preset: 'api', device: { trust: 'bound' } } },
  apps: { api: { profile: 'programs', loginUrl: '/token' } },
});

export async function start({ port = 3000, log = () => undefined } = {}) {
  const certificates = await makeCertificates(['ann', 'eve']);
  log(`Certificates are in ${certificates.directory}`);
  const app = express();
  const sessions = sessionPolicy({ policy, secret });
  app.use(sessions);

  app.post('/token', async (req, res) => {
    // Who has a certificate of our authority is the one whose name is in it.
    const { subject } = req.socket.authorized ? req.socket.getPeerCertificate() : {};
    if (subject === undefined) return void res.status(401).json({ error: 'a client certificate is needed' });
    const { token } = await req.sessionPolicy.signIn({ subject: { id: subject.CN, kind: 'user' }, amr: ['pop'] });
    res.json({ token });
  });
  app.get('/me', (req, res) => void res.json({ who: req.sessionPolicy.subject.id, trust: req.sessionPolicy.device.trust }));

  // It asks for a certificate, and does not insist: those who have none are turned away by the policy.
  const server = createServer({ ...certificates.server, requestCert: true, rejectUnauthorized: false }, app);
  const { url, close } = await listen(server, port, () => Promise.all([sessions.close(), certificates.remove()]));
  return { url: url.replace('http:', 'https:'), close, directory: certificates.directory };
}

await runDirectly(import.meta, () => start({ log: console.log }));
