import { stepUp } from 'express-session-policy';
import { html } from './views.js';

const HERE = '/shop/gift';
const giftIn = ({ body }) => ({ to: String(body?.to ?? '').trim(), amount: String(body?.amount ?? '').trim() });
const inWords = ({ to, amount }) => `Send a gift card of ${amount} € to ${to}`;

/** A confirmation for this card only: other values, or the same again, are asked about again. */
const confirmed = stepUp({ once: true, bind: giftIn, describe: (req) => inWords(giftIn(req)) });

/** Gift cards: each one is confirmed by itself. */
export function mountGift(app, show) {
  const form = (req, res, notice) => show(req, res, { title: 'Gift card', notice, body: view(req), scripts: ['/assets/gift.js'] });

  app.get(HERE, (req, res) => form(req, res, 'sent' in req.query && sentIn(req)));

  app.post(HERE, onlyWhole(form), confirmed, (req, res) => {
    req.session.gift = giftIn(req);
    if (req.accepts(['html', 'json']) === 'json') return void res.json({ sent: sentIn(req) });
    res.redirect(303, `${HERE}?sent`);
  });
}

/** Nobody is asked to confirm what would be refused afterwards. */
function onlyWhole(form) {
  return (req, res, next) => {
    const { to, amount } = giftIn(req);
    if (/^[^\p{Cc}]{1,40}$/u.test(to) && /^[1-9]\d{0,2}$/.test(amount)) return next();
    form(req, res.status(400), 'Say to whom, and an amount from 1 to 999.');
  };
}

function sentIn({ session }) {
  const { to, amount } = session.gift ?? {};
  return to && `Sent: a gift card of ${amount} € to ${to}.`;
}

function view(req) {
  const { to, amount } = req.method === 'POST' ? giftIn(req) : { to: 'Grace', amount: '40' };
  return html`<form method="post" action="${HERE}" class="fields" data-gift>
<label for="to">To</label><input id="to" name="to" value="${to}" required maxlength="40" autocomplete="off">
<label for="amount">Amount in €</label><input id="amount" name="amount" value="${amount}" required inputmode="numeric" pattern="[1-9][0-9]{0,2}" autocomplete="off">
<p class="actions"><button>Send</button> <button class="quiet" type="button" data-by-script>Send by a script</button> <a href="/shop">Back to the shop</a></p>
<p role="status" data-outcome></p></form>
<h2>Try this</h2><ul class="try">
<li>Send it. However fresh your sign-in is, you are asked to confirm <em>this</em> card. The form is kept meanwhile, encrypted, for ten minutes.</li>
<li>On “Go on with this?” go back, change the amount and send again: it asks again, since you have confirmed another card.</li>
<li>After it was sent, go back: there is nothing to send a second time. Two presses of “Send it now” send one card.</li>
<li>Send by a script: the page stays as it is, you confirm in a new tab, and the script goes on by itself.</li></ul>`;
}
