import { ago } from './own-sessions.js';
import { html } from './views.js';

const HERE = '/admin/workstations';

/** Where an administrator enrols the workstations of the front desk, sees them, and forgets them. */
export function mountWorkstations(app, portfolio, show) {
  const { devices } = portfolio.sessions;
  const list = async (req, res, view = {}) => {
    const enrolled = await devices.workstations('desk');
    show(req, res, { title: 'Workstations', ...view, body: html`${view.body}${listOf(enrolled, portfolio.now())}` });
  };

  app.get(HERE, (req, res) => list(req, res, { notice: 'forgotten' in req.query && 'That workstation is out of use.' }));

  app.post(HERE, async (req, res) => {
    const label = String(req.body?.label ?? '').trim();
    if (!/^[^\p{Cc}]{1,40}$/u.test(label)) return list(req, res.status(400), { notice: 'Give it a name.' });
    // Shown with this answer, and kept nowhere: whoever has the code can enrol a browser.
    await list(req, res, { body: invitation(await devices.inviteWorkstation({ app: 'desk', label })) });
  });

  app.post(`${HERE}/forget`, async (req, res) => {
    await devices.forgetWorkstation(String(req.body?.workstation));
    res.redirect(303, `${HERE}?forgotten`);
  });
}

function invitation({ code, path }) {
  return html`<section class="card"><h2>The code</h2><p><output class="code large">${code}</output></p>
<p>On the workstation, open <a href="${path}">${path}</a> and type it in. For this demonstration, this browser will do. The code is good once, for
fifteen minutes.</p></section>`;
}

function listOf(enrolled, now) {
  return html`<h2>Enrolled</h2>
${enrolled.length === 0 ? html`<p>None yet, so the front desk is closed to everybody.</p>` : html`<ul class="goods">${enrolled.map((one) => row(one, now))}</ul>`}
<h2>Enrol a workstation</h2><form method="post" action="${HERE}" class="fields">
<label for="label">Its name</label><input id="label" name="label" value="Front desk 2" required maxlength="40" autocomplete="off">
<p class="actions"><button>Enrol a workstation</button> <a href="/admin">Back to the console</a></p></form>
<p>It takes a sign-in of the last minute. Forget a workstation and go to <a href="/desk">the front desk</a>: nothing opens any more, the sign-in page
neither.</p>`;
}

function row({ handle, label, enrolledAt }, now) {
  return html`<li><span><strong>${label}</strong> <small>enrolled ${ago(now - enrolledAt)}</small></span>
<form method="post" action="${HERE}/forget"><button class="danger" name="workstation" value="${handle}" aria-label="Forget ${label}">Forget</button></form></li>`;
}
