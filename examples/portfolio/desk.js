import { mountEntryPages, peopleButtons } from './entry-pages.js';
import { personOf } from './people.js';
import { mountPresence } from './presence.js';
import { ruleGroup } from './rules.js';
import { html, page } from './views.js';

const STAFF = ['customer', 'administrator'];
const APPOINTMENTS = {
  ada: ['9:30 · Fitting', '14:00 · Repair'],
  grace: ['10:15 · Delivery', '16:45 · Call with Oak Street School'],
  mina: ['8:00 · Stocktaking', '11:30 · Interview'],
};

export const DESK_RULES = [{ title: 'Everywhere', path: '/desk' }];

/** A workstation that several people share, one after the other. Nothing of one may be left for the next. */
export function mountDesk(app, portfolio) {
  const show = (req, res, view) =>
    void res.send(page({ app: 'desk', person: personOf(req), rules: ruleGroup(portfolio, 'desk', DESK_RULES), ...view }));

  mountEntryPages(app, { name: 'desk', roles: STAFF });
  mountPresence(app, 'desk');
  app.get('/desk', (req, res) => show(req, res, { title: 'Front desk', body: deskView(req) }));
  app.post('/desk/note', (req, res) => {
    req.session.note = String(req.body?.note ?? '').slice(0, 80);
    res.redirect(303, '/desk');
  });
  // Never reached: the policy asks for a confirmation, and on a shared device sends people to one of their own.
  app.get('/desk/bank-details', (req, res) => show(req, res, { title: 'Bank details', body: html`<p>DE02 1203 0000 0000 2020 51</p>` }));
}

function deskView(req) {
  const { id } = req.sessionPolicy.subject;
  return html`<h2>Your appointments today</h2><ul class="list">${APPOINTMENTS[id].map((one) => html`<li>${one}</li>`)}</ul>
<form method="post" action="/desk/note" class="fields"><label for="note">Note to yourself</label>
<input id="note" name="note" value="${req.session.note}" maxlength="80" autocomplete="off">
<p class="actions"><button class="quiet">Keep the note</button> <a href="/desk/bank-details">My bank details</a></p></form>
<h2>Somebody else is at the desk</h2><form method="post" action="/desk/login" class="choices">${peopleButtons(STAFF, id)}</form>
${TRY}`;
}

const TRY = html`<h2>Try this</h2><ul class="try">
<li>Keep a note, then press another name: one step, and the note, the session and its cookie are gone.</li>
<li>Then press the back button. The page of the last person is not there any more.</li>
<li>Open My bank details: refused on a shared device, with an address for one of your own.</li>
<li>Open this address in another browser: it is no enrolled workstation, so not even the sign-in page opens.</li>
<li>Walk away. After 40 seconds the page asks whether you are still there; after a minute it shows nothing any more.</li></ul>`;
