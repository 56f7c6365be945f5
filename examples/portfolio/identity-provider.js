// The OpenID provider of the demonstration, a program of its own. It is told its client on the first line of its input, says its address on a
// line of its output, and ends with whoever holds the other end.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import Provider, { interactionPolicy } from 'oidc-provider';
import { signInPage } from './identity-provider-page.js';
import { PEOPLE } from './people.js';

const MFA = 'urn:example:mfa';
const PASSWORD = 'urn:example:password';
const style = await readFile(new URL('public/style.css', import.meta.url));
const input = createInterface({ input: process.stdin });
input.once('close', () => process.exit());
const [client] = await once(input, 'line');

const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${server.address().port}`;

// It warns that this is nothing for production, which is true.
console.warn = () => undefined;
const provider = new Provider(issuer, {
  clients: [JSON.parse(client)],
  features: { devInteractions: { enabled: false } },
  acrValues: [PASSWORD, MFA],
  claims: { openid: ['sub', 'acr', 'amr'] },
  cookies: { keys: [randomBytes(32).toString('base64url')] },
  findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  interactions: { url: (_ctx, { uid }) => `/sign-in/${uid}`, policy: askingEveryTime() },
  // Nothing is asked for that a person would have to permit.
  async loadExistingGrant({
    oidc: {
      client: { clientId },
      provider: issuing,
      session,
    },
  }) {
    const grant = new issuing.Grant({ accountId: session.accountId, clientId });
    grant.addOIDCScope('openid');
    await grant.save();
    return grant;
  },
});
const protocol = provider.callback();

/** Even right after a sign-in: a visitor may want to try another answer. */
function askingEveryTime() {
  const { base, Check } = interactionPolicy;
  const policy = base();
  policy.get('login').checks.add(new Check('every_time', 'asks every time', ({ oidc }) => oidc.result?.login === undefined));
  return policy;
}

server.on('request', (req, res) => {
  if (req.url === '/style.css') return void res.writeHead(200, { 'content-type': 'text/css' }).end(style);
  if (!req.url.startsWith('/sign-in/')) return void protocol(req, res);
  signIn(req, res).catch(() => res.writeHead(400).end('This sign-in is over. Go back and begin again.'));
});

async function signIn(req, res) {
  if (req.method === 'POST') {
    const result = resultOf(new URLSearchParams(await text(req)));
    if (result !== undefined) return provider.interactionFinished(req, res, result);
  }
  const { params } = await provider.interactionDetails(req, res);
  const isStrong = params.acr_values?.split(' ')[0] === MFA;
  res.writeHead(200, HEADERS).end(signInPage({ hinted: params.login_hint, isStrong }));
}

// Without form-action: the form leads back to the application by redirects, and browsers would hold these to it.
const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'",
};

function resultOf(form) {
  if (form.has('cancel')) return { error: 'access_denied', error_description: 'The person cancelled' };
  if (PEOPLE.get(form.get('person'))?.subject.kind !== 'user') return undefined;
  const how = form.get('how') === 'mfa' ? { acr: MFA, amr: ['pwd', 'otp'] } : { acr: PASSWORD, amr: ['pwd'] };
  return { login: { accountId: form.get('person'), ...how } };
}

console.log(issuer);
