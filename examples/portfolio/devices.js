import { ago } from './own-sessions.js';
import { html } from './views.js';

const ENDPOINTS = '/shop/session/devices';
const CARDS = '/shop/account/cards';

/** A page that opens only on a device which its owner has enrolled. The policy says so; nothing here does. */
export function mountDevices(app, show) {
  app.get(CARDS, (req, res) => show(req, res, { title: 'Saved cards', body: SAVED }));
}

const SAVED = html`<ul class="list"><li>Visa ending in 4242</li><li>Mastercard ending in 0007</li></ul>
<p>You see them because this device is one that you have enrolled. The same address in another browser is refused, with the same sign-in.</p>
<p class="actions"><a href="/shop/account">My account</a></p>`;

/** The devices of a person, with what can be done about them. `trust`: of the one in use. */
export function deviceView(portfolio, devices, trust) {
  const now = portfolio.now();
  return html`<h2>Your devices</h2>
${devices.length > 0 && html`<ul class="goods">${devices.map((device) => deviceRow(device, now))}</ul>`}
${trust === 'none' ? ENROL : html`<p>This device is known.</p>`}
<p class="actions"><a href="${CARDS}">Saved cards</a></p>
<p>Saved cards opens only on a device in this list. It is a signed cookie, renewed at every sign-in: where a copy of an older one turns up, the device
is forgotten. It proves that the cookie is there, and no key.</p>`;
}

function deviceRow({ handle, label, seenAt, current }, now) {
  return html`<li><span><strong>${label}</strong>${current && ', this one'} <small>seen ${ago(now - seenAt)}</small></span>
<form method="post" action="${ENDPOINTS}/forget"><input type="hidden" name="device" value="${handle}">
<input type="hidden" name="returnTo" value="/shop/account?did=forgotten"><button class="quiet" aria-label="Forget ${label}">Forget</button></form></li>`;
}

const ENROL = html`<form method="post" action="${ENDPOINTS}" class="fields"><input type="hidden" name="returnTo" value="/shop/account?did=enrolled">
<label for="label">What you call this device</label><input id="label" name="label" value="My laptop" required maxlength="64" autocomplete="off">
<p class="actions"><button>Enrol this device</button></p></form>
<p>Enrolling asks for a confirmation of the last minute, with more than a password.</p>`;
