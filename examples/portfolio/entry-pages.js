import { newCode, spendCode } from './codes.js';
import { PEOPLE, personOf } from './people.js';
import { whyEnded } from './reasons.js';
import { html, page } from './views.js';

/** Sign-in, confirmation and sign-out of an app with pages. */
export function mountEntryPages(app, { name, home, keep = [] }) {
  app.get(`${home}/login`, (req, res) => void res.send(loginPage(name, whyEnded(req) ?? saysGoodbye(req))));

  app.post(`${home}/login`, async (req, res) => {
    const person = PEOPLE.get(req.body?.person);
    if (person === undefined) return void res.status(400).send(loginPage(name, 'Choose one of them.'));
    try {
      await req.sessionPolicy.signIn({ subject: person.subject, amr: ['pwd'], level: 'aal1', keep });
    } catch (error) {
      if (error.code !== 'ERR_SUBJECT_KIND') throw error;
      return void res.status(403).send(loginPage(name, `Refused by the policy: ${error.message}.`));
    }
    res.redirect(303, req.sessionPolicy.returnTo(home));
  });

  app.get(`${home}/reauthenticate`, (req, res) => {
    if (personOf(req) === undefined) return void res.redirect(303, `${home}/login`);
    res.send(confirmPage(req, name));
  });

  app.post(`${home}/reauthenticate`, async (req, res) => {
    if (personOf(req) === undefined) return void res.redirect(303, `${home}/login`);
    const how = req.body?.how === 'code' ? { amr: ['otp'], level: 'aal2' } : { amr: ['pwd'], level: 'aal1' };
    if (how.level === 'aal2' && !spendCode(req, req.body.code))
      return void res.status(400).send(confirmPage(req, name, 'That was not the code. Here is a new one.'));
    await req.sessionPolicy.reauthenticated(how);
    res.redirect(303, req.sessionPolicy.returnTo(home));
  });

  app.post(`${home}/logout`, async (req, res) => {
    await req.sessionPolicy.signOut();
    res.redirect(303, `${home}/login?signed-out`);
  });
}

function saysGoodbye(req) {
  return 'signed-out' in req.query ? 'You are signed out.' : undefined;
}

// Forms without an action post to the address of the page, and so hand the way back on.
function loginPage(app, notice) {
  return page({
    title: 'Sign in',
    app,
    notice,
    lead: 'No password is needed here: choose who you are.',
    body: html`<form method="post" class="choices">${[...PEOPLE].map(
      ([id, { name, role }]) =>
        html`<button name="person" value="${id}"><strong>${name}</strong> <span>${role}${id === 'nightly' && ': will be refused'}</span></button>`,
    )}</form>`,
  });
}

function confirmPage(req, app, notice) {
  const code = newCode(req);
  return page({
    title: "Confirm that it's you",
    app,
    person: personOf(req),
    notice,
    lead: 'You stay signed in. What you were about to do asks for a fresh sign-in, and for some things a stronger one.',
    body: html`<div class="cards">
<form method="post" class="card"><h2>With a code <small>aal2</small></h2>
<p>A real application would send it to your phone. This one shows it: <output class="code">${code.slice(0, 3)} ${code.slice(3)}</output></p>
<label for="code">Code</label>
<input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required maxlength="7">
<button name="how" value="code">Confirm with the code</button></form>
<form method="post" class="card"><h2>With a password <small>aal1</small></h2>
<p>Enough where only a recent sign-in is asked for. Deleting in the admin console still refuses it.</p>
<button name="how" value="password">Confirm with the password</button></form></div>`,
  });
}
