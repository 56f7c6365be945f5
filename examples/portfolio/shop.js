import { mountConfirmation } from './confirmation.js';
import { deviceView, mountDevices } from './devices.js';
import { mountEntryPages } from './entry-pages.js';
import { mountGift } from './gift.js';
import { sessionTable } from './own-sessions.js';
import { mountPasskeys } from './passkeys.js';
import { personOf } from './people.js';
import { mountPresence } from './presence.js';
import { whyEnded } from './reasons.js';
import { ruleGroup } from './rules.js';
import { html, page } from './views.js';

const GOODS = new Map([
  ['notebook', { name: 'Notebook', price: 8 }],
  ['lamp', { name: 'Desk lamp', price: 39 }],
  ['kettle', { name: 'Kettle', price: 54 }],
]);
const DONE = {
  end: 'That session is over.',
  'end-others': 'You are signed in here only.',
  enrolled: 'This device is known from now on, also when you sign in again.',
  forgotten: 'That device is not known any more, in no session.',
};
const ORDERS = ['1042 · Notebook, Desk lamp · on its way', '1017 · Kettle · delivered'];

export const SHOP_RULES = [
  { title: 'Everywhere', path: '/shop' },
  { title: 'My account', path: '/shop/account' },
  { title: 'Orders', path: '/shop/orders' },
  { title: 'Saved cards', path: '/shop/account/cards' },
  { title: 'Paying', method: 'POST', path: '/shop/pay' },
];

/** The shop: open to all, with a session from the first thing put in the basket, and an account behind shorter limits. */
export function mountShop(app, portfolio) {
  const show = (req, res, view) =>
    void res.send(page({ app: 'shop', person: personOf(req), rules: ruleGroup(portfolio, 'shop', SHOP_RULES), ...view }));

  mountEntryPages(app, { name: 'shop', keep: ['basket'] });
  mountConfirmation(app, portfolio, 'shop');
  mountPresence(app, 'shop', { stepUp: { maxAge: '1m' } });
  mountBasket(app, show);
  mountGift(app, show);
  mountPasskeys(app, portfolio, show);
  mountDevices(app, show);

  app.get('/shop/orders', (req, res) =>
    show(req, res, { title: 'Orders', body: html`<ul class="list">${ORDERS.map((one) => html`<li>${one}</li>`)}</ul>` }),
  );

  app.get('/shop/account', async (req, res) => {
    const { sessionPolicy } = req;
    const [own, devices] = await Promise.all([sessionPolicy.sessions(), sessionPolicy.device.list()]);
    const body = accountView(portfolio, own, deviceView(portfolio, devices, sessionPolicy.device.trust));
    show(req, res, { title: 'My account', notice: DONE[req.query.did], body });
  });
}

function mountBasket(app, show) {
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
<p class="actions"><a class="button" href="/shop/checkout">Checkout</a> <a href="/shop/gift">Gift card</a> <a href="/shop/account">My account</a>
<a href="/shop/orders">Orders</a></p>
${tryThese([
  'Sign in by My account, then wait on this page: 20 seconds before the end it asks whether you are still there, in all tabs.',
  'Stay away for 45 seconds, then open My account: you are asked to confirm, and still signed in.',
  'Pay more than a minute after signing in: it asks again, then shows once more what you were about to send.',
  'Send a gift card: it is confirmed by itself, once, with exactly these values.',
  'In My account, open Saved cards: refused, until this device is one that you have enrolled.',
])}`;
}

function checkout(basket) {
  const total = basket.reduce((sum, id) => sum + (GOODS.get(id)?.price ?? 0), 0);
  return html`<p>${basket.length} ${basket.length === 1 ? 'thing' : 'things'}, together <strong>€ ${total}</strong>.</p>
<form method="post" action="/shop/pay" class="actions"><button>Pay now</button> <a href="/shop">Back to the shop</a></form>
<p>Paying asks for a sign-in that is at most a minute old. Reading this page does not.</p>`;
}

function accountView(portfolio, own, devices) {
  return html`<h2>Where you are signed in</h2>
${sessionTable(portfolio, own, { action: '/shop/session/sessions/end', doneAt: '/shop/account?did=end' })}
<form method="post" action="/shop/session/sessions/end-others" class="actions">
<input type="hidden" name="returnTo" value="/shop/account?did=end-others"><button>Sign out everywhere else</button> <a href="/shop">Back to the shop</a></form>
<p>Open this address in another browser, sign in as the same person, and end that session from here. It asks for a confirmation of the last
minute.</p>
${devices}
<h2>Passkeys</h2><p class="actions"><a href="/shop/account/passkeys">Register a passkey</a></p>
<p>Registering asks for a confirmation first. Then you can confirm with the passkey, in the admin console too.</p>`;
}

function tryThese(lines) {
  return html`<h2>Try this</h2><ul class="try">${lines.map((line) => html`<li>${line}</li>`)}</ul>`;
}
