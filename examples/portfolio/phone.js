import { withCode } from './confirmation.js';
import { newCode } from './codes.js';
import { PEOPLE } from './people.js';
import { mountPresence } from './presence.js';
import { ruleGroup } from './rules.js';
import { html, page } from './views.js';

export const PHONE_RULES = [
  { title: 'Everywhere', path: '/phone/me' },
  { title: 'Transferring', method: 'POST', path: '/phone/transfer' },
];

/** The interface of a native application: no cookie, the session travels as a bearer token. Its page plays the phone. */
export function mountPhone(app, portfolio) {
  mountPresence(app, 'phone');
  app.use('/phone/reauthenticate', withCode);

  app.get('/phone', (req, res) => {
    const rules = ruleGroup(portfolio, 'phone', PHONE_RULES);
    const view = { title: 'Phone API', app: 'phone', rules, script: '/assets/phone.js', lead: LEAD };
    res.send(page({ ...view, body: body(req.headers.host) }));
  });

  app.post('/phone/login', async (req, res) => {
    const person = PEOPLE.get(req.body?.person) ?? PEOPLE.get('ada');
    const { token, expiresAt } = await req.sessionPolicy.signIn({ subject: person.subject, amr: ['pwd'], level: 'aal1' });
    res.json({ token, expiresAt });
  });

  app.get('/phone/me', (req, res) => void res.json({ name: PEOPLE.get(req.sessionPolicy.subject.id)?.name, balance: 120 }));
  app.post('/phone/transfer', (_req, res) => void res.json({ transferred: 20 }));
  app.post('/phone/code', (req, res) => void res.json({ code: newCode(req), note: 'a real application sends it another way' }));

  app.post('/phone/logout', async (req, res) => {
    await req.sessionPolicy.signOut();
    res.json({ signedOut: true });
  });
}

const LEAD =
  'A native application holds its session as a token and sends it in a header. This page plays the phone, and forgets the token when you leave it.';

const body = (host) => html`<div class="actions" data-phone>
<button data-call="POST /phone/login">Sign in as Ada</button>
<button class="quiet" data-call="GET /phone/me">Read my account</button>
<button class="quiet" data-call="POST /phone/transfer">Transfer € 20</button>
<button class="quiet" data-call="POST /phone/reauthenticate/form?way=code">Confirm with a code</button>
<button class="quiet" data-call="POST /phone/logout">Sign out</button></div>
<noscript><p class="notice">This page needs JavaScript; the lines below work without it.</p></noscript>
<h2>Request</h2><pre class="wire" data-request tabindex="0" aria-label="Request">Press a button.</pre>
<h2>Answer</h2><pre class="wire" data-answer tabindex="0" aria-label="Answer">–</pre>
<h2>From a terminal</h2><pre class="wire" data-curl tabindex="0" aria-label="Commands for a terminal">curl -s ${host}/phone/login -H 'content-type: application/json' -d '{"person":"ada"}'
curl -i ${host}/phone/me -H 'authorization: Bearer TOKEN'
curl -i -X POST ${host}/phone/transfer -H 'authorization: Bearer TOKEN'</pre>
<p>Transferring asks for level aal2, so right after signing in it answers 401 with the challenge of RFC 9470. Confirming with a code gives a new token.</p>`;
