import { withCode } from './confirmation.js';
import { newCode } from './codes.js';
import { PEOPLE } from './people.js';
import { mountOffline } from './phone-offline.js';
import { phoneView } from './phone-page.js';
import { mountPresence } from './presence.js';
import { ruleGroup } from './rules.js';
import { page } from './views.js';

export const PHONE_RULES = [
  { title: 'Everywhere', path: '/phone/me' },
  { title: 'Transferring', method: 'POST', path: '/phone/transfer' },
];

/** The interface of a native application: no cookie, the session is a token that works with the phone's key only. Its page plays the phone. */
export function mountPhone(app, portfolio) {
  mountPresence(app, 'phone');
  mountOffline(app);
  app.use('/phone/reauthenticate', withCode);

  app.get('/phone', (_req, res) => {
    const rules = ruleGroup(portfolio, 'phone', PHONE_RULES);
    res.send(page({ title: 'Phone API', app: 'phone', rules, script: '/assets/phone.js', ...phoneView(portfolio.origin) }));
  });

  // The key comes with the request, in its DPoP header; from then on the session is bound to it.
  app.post('/phone/login', async (req, res) => {
    const person = PEOPLE.get(req.body?.person) ?? PEOPLE.get('ada');
    const { token, tokenType, expiresAt } = await req.sessionPolicy.signIn({ subject: person.subject, amr: ['pwd'], level: 'aal1' });
    res.json({ token, tokenType, expiresAt });
  });

  app.get('/phone/me', (req, res) => {
    const { subject, device } = req.sessionPolicy;
    res.json({ name: PEOPLE.get(subject.id)?.name, balance: 120, device: device.trust });
  });

  app.post('/phone/token', async (req, res) => {
    const { token, tokenType } = await req.sessionPolicy.renew();
    res.json({ token, tokenType });
  });

  app.post('/phone/transfer', (_req, res) => void res.json({ transferred: 20 }));
  app.post('/phone/code', (req, res) => void res.json({ code: newCode(req), note: 'a real application sends it another way' }));

  app.post('/phone/logout', async (req, res) => {
    await req.sessionPolicy.signOut();
    res.json({ signedOut: true });
  });
}
