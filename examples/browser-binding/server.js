// A session that cannot be carried away: the browser makes a key for it that does not leave the device (Device Bound Session Credentials), and
// proves it every few minutes. A copy of the session cookie opens nothing.
//
//   npm run build && node examples/browser-binding/server.js      and do what it prints
//   curl -k -i -c jar -X POST https://localhost:3000/login        Secure-Session-Registration: … ; curl can't do that, so:
//   curl -k -i -b jar https://localhost:3000/vault                403: device_trust_insufficient
//   curl -k -i -b jar https://localhost:3000/                     200: this page asks for no proof
//
// Chrome and Edge have it on Windows and macOS. On Linux it needs the features that the program prints, and keeps the key in software.
// To see the copy fail: copy the cookie __Host-app.session from the developer tools into another browser, or into curl.
import { createServer } from 'node:https';
import express from 'express';
import { definePolicy, requireDevice, sessionPolicy } from 'express-session-policy';
import { listen, runDirectly, secret } from '../listen.js';
import { selfSigned } from '../self-signed.js';

const policy = definePolicy({
  version: 1,
  profiles: { staff: { preset: 'staff-web', dbsc: { proofLifetime: '5m' } } },
  apps: { app: { profile: 'staff', routes: [{ id: 'vault', path: '/vault', device: { trust: 'bound' } }] } },
});

const page = (title, body) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>
<meta name="viewport" content="width=device-width"><h1>${title}</h1>${body}`;
const button = (action, label) => `<form method="post" action="${action}"><button>${label}</button></form>`;

export async function start({ port = 3000, clock, certificate } = {}) {
  const app = express();
  app.use(sessionPolicy({ policy, secret, ...(clock && { clock }) }));

  app.get('/login', (_req, res) => void res.send(page('Sign in', button('/login', 'Sign in as Ada'))));
  app.post('/login', async (req, res) => {
    await req.sessionPolicy.signIn({ subject: { id: 'ada', kind: 'user' }, amr: ['pwd'], level: 'aal1' });
    res.redirect(303, req.sessionPolicy.returnTo('/')); // the browser makes its key meanwhile
  });
  app.get('/', (req, res) => {
    const { trust, boundBy = 'nothing' } = req.sessionPolicy.device;
    const state = `<p>This session is bound by: <b>${boundBy}</b>. Trust of this request: <b>${trust}</b>.</p>`;
    res.send(page('Hello Ada', `${state}<p><a href="/vault">The vault</a> <a href="/">Look again</a></p>${button('/logout', 'Sign out')}`));
  });
  app.get(
    '/vault',
    (_req, res) => void res.send(page('The vault', '<p>Only the browser that signed in gets here.</p><p><a href="/">Back</a></p>')),
  );
  app.post('/empty', requireDevice('bound', { maxAge: '5m' }), (_req, res) => void res.send('emptied\n'));
  app.post('/logout', async (req, res) => {
    await req.sessionPolicy.signOut();
    res.redirect(303, '/login');
  });

  const own = certificate ?? (await selfSigned());
  const { url, close } = await listen(createServer(own, app), port);
  return { url: url.replace('http:', 'https:'), close, spkiDigest: own.spkiDigest };
}

await runDirectly(import.meta, startInWords);

async function startInWords() {
  const running = await start();
  const flags = [
    '--user-data-dir=$(mktemp -d)',
    '--enable-features=DeviceBoundSessions,EnableBoundSessionCredentialsSoftwareKeysForManualTesting',
    `--ignore-certificate-errors-spki-list=${running.spkiDigest}`,
  ];
  console.log(`\n  chromium ${flags.join(' \\\n    ')} \\\n    ${running.url}\n`);
  return running;
}
