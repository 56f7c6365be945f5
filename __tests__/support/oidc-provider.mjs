// An OpenID provider in a process of its own: node oidc-provider.mjs [port]. It writes its issuer on a line when it is ready, and ends with
// whoever holds the other end of its input.
// Who signs in, how and when is what its sign-in page is told: by a person at a browser, or by a test.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import Provider from 'oidc-provider';

const server = createServer().listen(Number(process.argv[2] ?? 0), '127.0.0.1');
await once(server, 'listening');
// Another site than localhost is to browsers, as a provider is.
const issuer = `http://127.0.0.1:${server.address().port}`;

// It warns that it is not made ready for production.
console.warn = () => undefined;
const provider = new Provider(issuer, {
  features: { devInteractions: { enabled: false }, registration: { enabled: true } },
  acrValues: ['urn:example:password', 'urn:example:mfa', 'urn:example:passkey'],
  claims: { openid: ['sub', 'acr', 'amr'] },
  cookies: { keys: ['only for this run'] },
  findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  interactions: { url: (_ctx, { uid }) => `/sign-in/${uid}` },
  // Nothing is asked for that a person would have to permit.
  async loadExistingGrant(ctx) {
    const { client, provider: issuing, session } = ctx.oidc;
    const grant = new issuing.Grant({ accountId: session.accountId, clientId: client.clientId });
    grant.addOIDCScope('openid');
    await grant.save();
    return grant;
  },
});
const serveProtocol = provider.callback();

server.on('request', (req, res) => {
  if (!req.url.startsWith('/sign-in/')) return serveProtocol(req, res);
  answer(req, res).catch(() => res.writeHead(400).end());
});

async function answer(req, res) {
  if (req.method === 'POST') return provider.interactionFinished(req, res, resultOf(new URLSearchParams(await text(req))));
  const { params } = await provider.interactionDetails(req, res);
  res.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page(params.acr_values?.split(' ')[0] ?? ''));
}

/** What the sign-in page was told: `error`, or who, with which acr and amr, and how many seconds ago. */
function resultOf(form) {
  if (form.get('error')) return { error: form.get('error'), error_description: form.get('description') ?? '<b>not</b> you' };
  const ago = Number(form.get('ago') ?? 0);
  const amr = form.get('amr')?.split(' ');
  return {
    login: {
      accountId: form.get('sub'),
      ...(form.get('acr') ? { acr: form.get('acr') } : {}),
      ...(amr ? { amr } : {}),
      ...(ago === 0 ? {} : { ts: Math.floor(Date.now() / 1_000) - ago }),
    },
  };
}

function page(acr) {
  const safe = acr.replace(/[^\w:.-]/g, '');
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in</title><link rel="icon" href="data:,"></head><body>
<h1>Your identity provider</h1>
<form method="post"><label>User <input name="sub" value="u1"></label>
<input type="hidden" name="acr" value="${safe}"><input type="hidden" name="amr" value="pwd otp"><button>Sign in</button></form>
<form method="post"><input type="hidden" name="error" value="access_denied"><button>Cancel</button></form></body></html>`;
}

process.stdin.on('end', () => process.exit()).resume();
console.log(issuer);
