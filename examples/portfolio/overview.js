import { ADMIN_RULES } from './admin.js';
import { DESK_RULES } from './desk.js';
import { JOBS_RULES } from './jobs.js';
import { PHONE_RULES } from './phone.js';
import { ruleGroup } from './rules.js';
import { SHOP_RULES } from './shop.js';
import { html, page } from './views.js';

const CARDS = [
  {
    app: 'shop',
    name: 'Shop',
    text: 'Anybody may look. Two minutes idle, less for the account. Paying asks again, a gift card each time.',
    rule: SHOP_RULES[0],
  },
  {
    app: 'admin',
    name: 'Admin console',
    text: 'One minute idle, five in all. Deleting asks for a fresh code, exporting for a second administrator.',
    rule: ADMIN_RULES[0],
  },
  {
    app: 'phone',
    name: 'Phone API',
    text: 'The session is a token that works only with the key of the phone. It goes on for a minute without a connection.',
    // Its session is in the memory of the phone's own page, so that nothing here could count down.
    rule: { ...PHONE_RULES[0], note: 'Its time left is shown on its own page.' },
  },
  {
    app: 'desk',
    name: 'Front desk',
    text: 'A workstation that several people share. It has to be enrolled by an administrator first.',
    // Anywhere else nobody is told anything, so that nothing here could count down.
    rule: { ...DESK_RULES[0], note: 'Only on an enrolled workstation.' },
  },
];
const JOBS = {
  app: 'jobs',
  href: '/about/jobs',
  name: 'Jobs API',
  text: 'For programs only. Not yet: it waits for workload tokens and refuses all else.',
  rule: JOBS_RULES[0],
};

/** The public first page: every application with its rule and the time that the visitor has left there. */
export function mountOverview(app, portfolio) {
  app.get('/', (_req, res) => {
    res.send(page({ title: 'Five applications, one policy', app: 'overview', lead: LEAD, body: overview(portfolio) }));
  });
}

const LEAD =
  'Each application has its own session rule, its own cookie and its own limits, from one reviewed file. Sign in somewhere and watch.';

function overview(portfolio) {
  const { conditions = [], exceptions = [] } = portfolio.policy.document;
  return html`<div class="cards two">${CARDS.map((one) => appCard(portfolio, one))}</div>
<p class="news" role="status" data-news></p>
<div class="cards">${appCard(portfolio, JOBS)}
<section class="card"><h2>Condition</h2>${conditions.map(conditionView)}</section>
<section class="card"><h2>Exception</h2>${exceptions.map((one) => exceptionView(one, portfolio.now()))}</section></div>`;
}

function appCard(portfolio, { app, href = `/${app}`, name, text, rule }) {
  return html`<article class="card app-${app}"><h2><a href="${href}">${name}</a></h2><p>${text}</p>${ruleGroup(portfolio, app, [rule])}</article>`;
}

function conditionView({ id, require, mode }) {
  return html`<p><strong>${id}</strong> asks for ${require.stepUp?.level} within ${require.stepUp?.maxAge} where an address outside this machine
reaches a privileged app. Mode: <em>${mode ?? 'enforce'}</em>${mode === 'report' && ', so it only says what it would do, on the admin page'}.</p>`;
}

function exceptionView({ id, app, routes, allow, reason, owner, approvedBy, reviewBy, expires }, now) {
  const until = reviewBy !== undefined && reviewBy < expires ? reviewBy : expires;
  const over = now >= Date.parse(until);
  return html`<p><strong>${id}</strong> lets ${app} (${routes?.join(', ')}) be idle for ${allow.idle}: “${reason}”. Asked for by ${owner}, approved by
${approvedBy}. ${over ? html`It stopped working on ${until}.` : html`It stops working on ${until} unless it is reviewed, and on ${expires} in any case.`}</p>`;
}
