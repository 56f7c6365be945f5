import { html } from './views.js';

const LEAD =
  'A native application holds its session as a token, and a key that never leaves it. This page plays the phone, and forgets both when you leave it.';

/** The page that plays the phone. `origin`: where its browser has keys on plain http. */
export function phoneView(origin) {
  return { lead: LEAD, body: html`${WORK}${elsewhere(origin)}${THIEF}${OFFLINE}${WIRE}${TERMINAL}` };
}

const WORK = html`<noscript><p class="notice">This page needs JavaScript; the command at its end works without it.</p></noscript>
<div class="actions" data-phone>
<button data-do="sign-in">Sign in as Ada</button>
<button class="quiet" data-do="read">Read my account</button>
<button class="quiet" data-do="transfer">Transfer € 20</button>
<button class="quiet" data-do="confirm">Confirm with a code</button>
<button class="quiet" data-do="renew">New token</button>
<button class="quiet" data-do="sign-out">Sign out</button></div>
<p>Every request carries a proof, signed for this one request. Transferring asks for level aal2: it answers 401 with the challenge of RFC 9470 until you
confirm.</p>`;

const elsewhere = (origin) => html`<p class="notice" data-no-key hidden>Browsers make keys at a secure address only. On this machine that is
<a href="${origin}/phone">${origin}/phone</a>.</p>`;

const THIEF = html`<h2>With a stolen token</h2><div class="actions" data-phone>
<button class="quiet" data-do="steal">Send the token without the key</button>
<button class="quiet" data-do="replay">Send the last proof again</button></div>
<p>Both are refused with 401: without the key the token is nobody’s, and a proof is good once. The session goes on for the phone.</p>`;

const OFFLINE = html`<h2>Without a connection</h2><div class="actions" data-phone>
<button data-do="go-offline">Go offline</button>
<button class="quiet" data-do="note" disabled>Note a visit</button>
<button class="quiet" data-do="come-back" disabled>Come back</button></div>
<p><span role="status" data-offline>Online.</span> <strong data-lease-left></strong></p>
<ol class="try" data-queue aria-label="Visits"></ol>
<p>Going offline takes a lease of one minute, for visits and nothing else. Each visit is signed with the key and waits here; coming back brings all of
them, and the report says what counts.</p>
<p>To see it refused, come back after that minute; or end the phone’s session in <a href="/shop/account" target="_blank">My account</a> of the shop
meanwhile (as Ada), come back, sign in again and come back once more.</p>`;

const WIRE = html`<h2>Request</h2><pre class="wire" data-request tabindex="0" aria-label="Request">Press a button.</pre>
<h2>Answer</h2><pre class="wire" data-answer tabindex="0" aria-label="Answer">–</pre>`;

const TERMINAL = html`<h2>From a terminal</h2>
<pre class="wire" tabindex="0" aria-label="Commands for a terminal">node examples/native-client/client.js
node examples/native-client/offline.js</pre>
<p>The same in a program of Node, with a server of its own.</p>`;
