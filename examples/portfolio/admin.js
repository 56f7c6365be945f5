import { mountConfirmation } from './confirmation.js';
import { mountEntryPages } from './entry-pages.js';
import { EXPORT, mountExport } from './export.js';
import { sessionTable } from './own-sessions.js';
import { personOf } from './people.js';
import { mountPhoto } from './photo.js';
import { mountPresence } from './presence.js';
import { ruleGroup } from './rules.js';
import { html, page } from './views.js';
import { mountWorkstations } from './workstations.js';

const CUSTOMERS = ['Harbour Café', 'Nils & Daughters', 'Oak Street School'];
const APPS_WITH_SESSIONS = ['shop', 'admin', 'phone', 'desk'];
const DONE = {
  deleted: 'The customer is deleted.',
  ended: 'That session is over.',
  'shop-ended': 'Everybody is signed out of the shop.',
  tight: 'Every idle timeout is half as long now, for running sessions too.',
  normal: 'The policy is the one of the file again.',
};

export const ADMIN_RULES = [
  { title: 'Everywhere', path: '/admin' },
  { title: 'Deleting', method: 'POST', path: '/admin/delete' },
];

/** The admin console: short limits, and a fresh and stronger sign-in for what cannot be undone. */
export function mountAdmin(app, portfolio) {
  const customers = new Set(CUSTOMERS);
  const show = (req, res, view) =>
    void res.send(page({ app: 'admin', person: personOf(req), rules: ruleGroup(portfolio, 'admin', ADMIN_RULES), ...view }));

  mountEntryPages(app, { name: 'admin', roles: ['administrator', 'service account'] });
  mountConfirmation(app, portfolio, 'admin');
  mountPresence(app, 'admin');
  mountExport(app, customers, show);
  mountPhoto(app, show);
  mountSessions(app, portfolio);
  mountWorkstations(app, portfolio, show);

  app.get('/admin', async (req, res) => {
    const live = await liveSessions(portfolio);
    const own = (await req.sessionPolicy.sessions()).find(({ current }) => current)?.handle;
    const marked = live.map((one) => ({ ...one, current: one.handle === own }));
    const notice = DONE[req.query.did] ?? reportedOf(req);
    show(req, res, { title: 'Admin console', notice, body: consoleView(portfolio, customers, marked) });
  });

  app.post('/admin/delete', (req, res) => {
    customers.delete(req.body?.customer);
    if (customers.size === 0) CUSTOMERS.forEach((name) => customers.add(name));
    done(res, 'deleted');
  });

  app.post('/admin/policy', (req, res) => {
    portfolio.tighten(req.body?.policy === 'tight');
    done(res, portfolio.isTight ? 'tight' : 'normal');
  });

  app.get('/admin/report', (req, res) => show(req, res, { title: 'Live report', body: REPORT }));
  app.get('/admin/report/data', (_req, res) => void res.json({ orders: 1_040 + (Math.floor(portfolio.now() / 2_000) % 60) }));
}

/** An administrator ends sessions of others: one, or all of the shop (ASVS 5.0, 7.4.5). */
function mountSessions(app, portfolio) {
  app.post('/admin/sessions/end', async (req, res) => {
    const found = (await liveSessions(portfolio)).find(({ handle }) => handle === req.body?.session);
    if (found !== undefined) await portfolio.sessions.revoke({ session: found.handle });
    done(res, 'ended');
  });

  app.post('/admin/sessions/end-shop', async (_req, res) => {
    await portfolio.sessions.revoke({ app: 'shop' });
    done(res, 'shop-ended');
  });
}

async function liveSessions({ sessions }) {
  return (await Promise.all(APPS_WITH_SESSIONS.map((name) => sessions.list({ app: name })))).flat();
}

function done(res, what) {
  res.redirect(303, `/admin?did=${what}`);
}

/** What conditions that only report would have asked for. */
function reportedOf(req) {
  const asking = req.sessionPolicy.explain().reported.filter(({ wouldBe }) => wouldBe.outcome !== 'allow');
  return asking.length > 0 && `Condition ${asking.map(({ condition }) => condition).join(', ')} would ask for more, but only reports.`;
}

function consoleView(portfolio, customers, live) {
  return html`<h2>Customers</h2><ul class="goods">${[...customers].map(
    (name) => html`<li><span>${name}</span><form method="post" action="/admin/delete">
<button class="danger" name="customer" value="${name}" aria-label="Delete ${name}">Delete</button></form></li>`,
  )}</ul><p>Deleting asks for a confirmation of level aal2 that is at most 30 seconds old. A password is refused, however fresh it is.</p>
${EXPORT}
<h2>Who is signed in</h2>${sessionTable(portfolio, live, { action: '/admin/sessions/end', ofMany: true })}
<form method="post" action="/admin/sessions/end-shop" class="actions"><button class="danger">Sign everybody out of the shop</button></form>
<h2>The policy</h2><form method="post" action="/admin/policy" class="actions">
${
  portfolio.isTight
    ? html`<button name="policy" value="normal">Back to the file</button>`
    : html`<button name="policy" value="tight">Tighten now</button>`
}
<span>${portfolio.isTight ? 'A stricter policy is in force.' : 'Halves every idle timeout, for running sessions too. Watch the numbers change.'}</span></form>
<h2>More</h2><p class="actions"><a href="/admin/workstations">Workstations</a> <a href="/admin/report">Live report</a> <a href="/admin/photo">Product photo</a></p>
<p>The front desk works on enrolled workstations only. The report polls all the time and does not keep you signed in. The photo is an upload, which is
refused before it is read.</p>
<p>A console in earnest also asks for a browser that proves its key, which takes https: <code>node examples/browser-binding/server.js</code> shows it.</p>`;
}

const REPORT = html`<p class="figure"><output data-poll="/admin/report/data">–</output> orders today</p>
<p>This number is fetched every three seconds. The policy calls that request <em>passive</em>: nobody did anything, so the idle timeout
runs on, and after a minute the session is over although the page was busy all the time.</p>
<p class="actions"><a href="/admin">Back to the console</a></p>`;
