import { PEOPLE } from './people.js';
import { whyEnded } from './reasons.js';
import { html, page } from './views.js';

/** Sign-in and sign-out of an app with pages. `roles`: who is offered to sign in. */
export function mountEntryPages(app, { name, roles = ['customer', 'administrator', 'service account'], keep = [] }) {
  const home = `/${name}`;
  const show = (req, notice = whyEnded(req) ?? saysGoodbye(req)) => loginPage({ name, roles, notice });
  app.get(`${home}/login`, (req, res) => void res.send(show(req)));

  app.post(`${home}/login`, async (req, res) => {
    const person = PEOPLE.get(req.body?.person);
    if (!roles.includes(person?.role)) return void res.status(400).send(show(req, 'Choose one of them.'));
    try {
      await req.sessionPolicy.signIn({ subject: person.subject, amr: ['pwd'], level: 'aal1', keep });
    } catch (error) {
      if (error.code !== 'ERR_SUBJECT_KIND') throw error;
      return void res.status(403).send(show(req, `Refused by the policy: ${error.message}.`));
    }
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

function loginPage({ name, roles, notice }) {
  return page({
    title: 'Sign in',
    app: name,
    notice,
    lead: 'No password is needed here: choose who you are.',
    // Without an action it posts to the address of the page, and so hands the way back on.
    body: html`<form method="post" class="choices">${peopleButtons(roles)}</form>`,
  });
}

/** A button for each person who can be chosen. */
export function peopleButtons(roles, not) {
  return [...PEOPLE]
    .filter(([id, { role }]) => roles.includes(role) && id !== not)
    .map(
      ([id, { name, role }]) =>
        html`<button name="person" value="${id}"><strong>${name}</strong> <span>${role}${id === 'nightly' && ': will be refused'}</span></button>`,
    );
}
