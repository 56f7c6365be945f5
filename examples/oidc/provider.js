// A small OpenID provider for the example, in a process of its own: node provider.js <redirect URI of the client>. It says its address on a
// line of its output. People, passwords and the client's secret are stand-ins; how it speaks is not.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import Provider from 'oidc-provider';

const people = { ada: 'demo', grace: 'demo' };
const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [{ client_id: 'shop', client_secret: 'a stand-in', redirect_uris: [process.argv[2]] }],
  features: { devInteractions: { enabled: false } },
  acrValues: ['urn:example:password', 'urn:example:mfa'],
  claims: { openid: ['sub', 'acr', 'amr'] },
  cookies: { keys: ['of this run'] },
  findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  interactions: { url: (_ctx, { uid }) => `/sign-in/${uid}` },
  async loadExistingGrant({ oidc: { client, provider: issuing, session } }) {
    const grant = new issuing.Grant({ accountId: session.accountId, clientId: client.clientId });
    grant.addOIDCScope('openid');
    await grant.save();
    return grant;
  },
});
const protocol = provider.callback();

server.on('request', (req, res) => {
  if (!req.url.startsWith('/sign-in/')) return protocol(req, res);
  signIn(req, res).catch(() => res.writeHead(400).end('Please go back and begin again.'));
});

async function signIn(req, res) {
  const form = req.method === 'POST' ? new URLSearchParams(await text(req)) : undefined;
  const result = form && resultOf(form);
  if (result !== undefined) return provider.interactionFinished(req, res, result);
  await provider.interactionDetails(req, res);
  res.writeHead(form ? 403 : 200, { 'content-type': 'text/html; charset=utf-8' }).end(page(form && 'That is not right.'));
}

function resultOf(form) {
  if (form.has('cancel')) return { error: 'access_denied', error_description: 'The person cancelled' };
  const user = form.get('user');
  if (!Object.hasOwn(people, user) || people[user] !== form.get('password')) return undefined;
  if (form.get('code') === '') return { login: { accountId: user, acr: 'urn:example:password', amr: ['pwd'] } };
  if (form.get('code') !== '123456') return undefined;
  return { login: { accountId: user, acr: 'urn:example:mfa', amr: ['pwd', 'otp'] } };
}

function page(failure) {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign in</title><style>label { display: block; margin: 1rem 0 }</style>
<h1>Example identity provider</h1>${failure ? `<p role="alert">${failure}</p>` : ''}
<form method="post"><label>User <input name="user" value="ada" autocomplete="username"></label>
<label>Password <input name="password" type="password" value="demo" autocomplete="current-password"></label>
<label>Code (123456; without it, it is a weaker sign-in) <input name="code" inputmode="numeric" autocomplete="one-time-code"></label>
<button>Sign in</button> <button name="cancel" value="1">Cancel</button></form></html>`;
}

// Nobody is left behind when the example ends.
process.stdin.on('end', () => process.exit()).resume();
console.log(issuer);
