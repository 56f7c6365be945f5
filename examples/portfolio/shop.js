import { passive } from 'express-session-policy';
import { mountEntryPages } from './entry-pages.js';
import { endOwn, sessionTable } from './own-sessions.js';
import { personOf } from './people.js';
import { whyEnded } from './reasons.js';
import { ruleGroup, statusOf } from './rules.js';
import { html, page } from './views.js';

const GOODS = new Map([
  ['notebook', { name: 'Notebook', price: 8 }],
  ['lamp', { name: 'Desk lamp', price: 39 }],
  ['kettle', { name: 'Kettle', price: 54 }],
]);
const DONE = { end: 'That session is over.', 'end-others': 'You are signed in here only.', nothing: 'That session was over already.' };
const ORDERS = ['1042 · Notebook, Desk lamp · on its way', '1017 · Kettle · delivered'];

export const SHOP_RULES = [
  { title: 'Everywhere', path: '/shop', status: '/shop/status' },
  { title: 'My account', path: '/shop/account', status: '/shop/account/status' },
  { title: 'Orders', path: '/shop/orders', status: '/shop/orders/status' },
  { title: 'Paying', method: 'POST', path: '/shop/pay', status: '/shop/pay/status' },
];

/** The shop: open to all, with a session from the first thing put in the basket, and an account behind shorter limits. */
export function mountShop(app, portfolio) {
  const { sessions } = portfolio;
  const show = (req, res, view) =>
    void res.send(page({ app: 'shop', person: personOf(req), rules: ruleGroup(portfolio, 'shop', SHOP_RULES), ...view }));

  mountEntryPages(app, { name: 'shop', home: '/shop', keep: ['basket'] });
  for (const { status } of SHOP_RULES) app.get(status, passive(), (req, res) => void res.json(statusOf(req)));

  app.get('/shop', (req, res) => show(req, res, { title: 'Shop', notice: whyEnded(req), body: shopFront(basketOf(req)) }));

  app.post('/shop/basket', (req, res) => {
    if (GOODS.has(req.body?.item)) req.session.basket = [...basketOf(req), req.body.item].slice(-9);
    res.redirect(303, '/shop');
  });

  app.get('/shop/checkout', (req, res) =>
    show(req, res, { title: 'Checkout', notice: 'paid' in req.query && 'Paid. Thank you!', body: checkout(basketOf(req)) }),
  );

  app.post('/shop/pay', (req, res) => {
    req.session.basket = [];
    res.redirect(303, '/shop/checkout?paid');
  });

  app.get('/shop/orders', (req, res) =>
    show(req, res, { title: 'Orders', body: html`<ul class="list">${ORDERS.map((one) => html`<li>${one}</li>`)}</ul>` }),
  );

  app.get('/shop/account', async (req, res) => {
    const own = await req.sessionPolicy.sessions();
    show(req, res, { title: 'My account', notice: DONE[req.query.did], body: accountView(portfolio, own) });
  });

  app.post('/shop/account/sessions/end', async (req, res) => {
    const ended = await endOwn(sessions, req);
    res.redirect(303, `/shop/account?did=${ended ? 'end' : 'nothing'}`);
  });

  app.post('/shop/account/sessions/end-others', async (req, res) => {
    await req.sessionPolicy.revokeOthers();
    res.redirect(303, '/shop/account?did=end-others');
  });
}

function basketOf(req) {
  return req.session.basket ?? [];
}

function shopFront(basket) {
  return html`<ul class="goods">${[...GOODS].map(
    ([id, { name, price }]) => html`<li><span>${name}</span><span class="price">€ ${price}</span>
<form method="post" action="/shop/basket"><button class="quiet" name="item" value="${id}" aria-label="Add ${name} to the basket">Add</button></form></li>`,
  )}</ul>
<p>In the basket: <strong>${basket.length}</strong>. It stays when you sign in, because the shop names it to be kept.</p>
<p class="actions"><a class="button" href="/shop/checkout">Checkout</a> <a href="/shop/account">My account</a> <a href="/shop/orders">Orders</a></p>
${tryThese([
  'Sign in by My account, then wait on this page: after 2 minutes the session is over.',
  'Stay away for 45 seconds, then open My account: you are asked to confirm, and still signed in.',
  'Pay more than a minute after signing in: it asks again, then brings you back.',
])}`;
}

function checkout(basket) {
  const total = basket.reduce((sum, id) => sum + (GOODS.get(id)?.price ?? 0), 0);
  return html`<p>${basket.length} ${basket.length === 1 ? 'thing' : 'things'}, together <strong>€ ${total}</strong>.</p>
<form method="post" action="/shop/pay" class="actions"><button>Pay now</button> <a href="/shop">Back to the shop</a></form>
<p>Paying asks for a sign-in that is at most a minute old. Reading this page does not.</p>`;
}

function accountView(portfolio, own) {
  return html`<h2>Where you are signed in</h2>${sessionTable(portfolio, own, '/shop/account/sessions/end')}
<form method="post" action="/shop/account/sessions/end-others" class="actions"><button>Sign out everywhere else</button> <a href="/shop">Back to the shop</a></form>
<p>Open this address in another browser, sign in as the same person, and end that session from here.</p>`;
}

function tryThese(lines) {
  return html`<h2>Try this</h2><ul class="try">${lines.map((line) => html`<li>${line}</li>`)}</ul>`;
}
