// An OpenID provider confirms who somebody is before a transfer: it is asked for a sign-in with a second factor that is made for this
// transfer, and the form goes on afterwards. The provider of the example runs beside it; its people are ada and grace, both with "demo".
//
//   npm run build && node examples/oidc/server.js
//   Then open http://localhost:3000 in a browser, sign in, and send a transfer. Or watch the first steps:
//   curl -c jar -d who=ada localhost:3000/login
//   curl -i -b jar -H 'Accept: text/html' -d to=Grace -d amount=400 localhost:3000/transfer   303 to /reauthenticate?return_to=…
//   curl -i -b jar localhost:3000/reauthenticate/oidc     303 to the provider, with max_age=0, PKCE and a nonce
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import express from 'express';
import { sessionPolicy, stepUp } from 'express-session-policy';
import { oidc } from 'express-session-policy/step-up/oidc';
import { allowInsecureRequests, discovery } from 'openid-client';
import { listen, runDirectly, secret } from '../listen.js';

export async function start({ port = 3000 } = {}) {
  const redirectUri = `http://localhost:${port}/reauthenticate/oidc/callback`;
  const provider = await startProvider(redirectUri);
  // Plain http is for this machine only. A real provider has https, and openid-client takes nothing else by itself.
  const options = { execute: [allowInsecureRequests] };
  const configuration = () => discovery(new URL(provider.issuer), 'shop', 'a stand-in', undefined, options);

  const app = express();
  const sessions = sessionPolicy({ profile: 'staff-web', secret });
  app.use(sessions, express.urlencoded({ extended: false }));
  const subject = ({ sub }) => ({ id: sub, kind: 'user' });
  const levels = { aal2: ['urn:example:mfa'] };
  app.use('/reauthenticate', oidc({ configuration, redirectUri, levels, subject, title: 'With the example provider' }));

  app.get('/login', (_req, res) => void res.send(form('/login', ['who', 'ada'])));
  app.post('/login', async (req, res) => {
    await req.sessionPolicy.signIn({ subject: { id: req.body.who, kind: 'user' }, amr: ['pwd'], level: 'aal1' });
    res.redirect(303, '/');
  });

  app.get('/', (_req, res) => void res.send(form('/transfer', ['to', 'Grace'], ['amount', '400'])));
  const bind = ({ body }) => ({ to: body.to, amount: body.amount });
  const describe = ({ body }) => `Send ${body.amount} € to ${body.to}`;
  app.post('/transfer', stepUp({ level: 'aal2', once: true, bind, describe }), (_req, res) => void res.type('text').send('transferred\n'));

  return listen(app, port, () => Promise.all([sessions.close(), provider.stop()]));
}

function form(action, ...fields) {
  const inputs = fields.map(([name, value]) => `<label>${name} <input name="${name}" value="${value}"></label>`);
  return `<!doctype html><title>Example</title><form method="post" action="${action}">${inputs.join(' ')} <button>Send</button></form>`;
}

async function startProvider(redirectUri) {
  const child = spawn(process.execPath, [`${import.meta.dirname}/provider.js`, redirectUri], { stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = once(child, 'exit').then(() => ['']);
  const [line] = await Promise.race([once(child.stdout.setEncoding('utf8'), 'data'), ended]);
  if (line === '') throw new Error('the provider of the example did not start');
  return { issuer: line.trim(), stop: () => child.kill() && ended };
}

await runDirectly(import.meta, start);
