import { newCode } from './codes.js';
import { personOf } from './people.js';
import { html, page, trusted } from './views.js';

const HOMES = { shop: 'To the shop', admin: 'To the admin console', phone: 'To the phone', desk: 'To the front desk' };

/** The pages that the middleware serves itself, in the design of the demonstration. */
export function suitePage({ title, body, script }, req) {
  const [path] = req.originalUrl.split('?');
  const name = Object.keys(HOMES).find((one) => path === `/${one}` || path.startsWith(`/${one}/`));
  return page({
    title,
    app: name,
    person: visibleTo(req),
    body: html`<div class="columns">${besides(req, path)}<div class="suite">${trusted(body)}${wayOn(name, req, body)}</div></div>`,
    scripts: script === undefined ? [] : [script],
  });
}

/** Who is signed in, where this device may know it. */
function visibleTo(req) {
  return reasonOf(req) === 'device_not_enrolled' ? undefined : personOf(req);
}

/** While the store is out, nothing has been decided. */
function reasonOf(req) {
  return req.sessionPolicy.decision?.reason;
}

/** The way on from a page that leads nowhere, or not far enough. */
function wayOn(name, req, body) {
  const reason = reasonOf(req);
  if (reason === 'device_not_enrolled') return !body.includes('<form') && NOT_ENROLLED;
  if (reason === 'device_trust_insufficient') return NOT_KNOWN;
  return !body.includes('<a ') && html`<p class="actions"><a href="/${name}">${HOMES[name] ?? 'To the overview'}</a></p>`;
}

/** What a visitor of the demonstration has to know, and people of a real application would not be told. */
function besides(req, path) {
  if (personOf(req) === undefined) return undefined;
  if (/^\/\w+\/reauthenticate(\/form)?$/.test(path)) return phoneWithCode(newCode(req));
  return path === '/admin/approvals' && SECOND_PERSON;
}

function phoneWithCode(code) {
  return html`<section class="beside" aria-label="Your phone"><h2>Your phone</h2>
<p>Your code is <output class="code">${code.slice(0, 3)} ${code.slice(3)}</output></p>
<p>A real application would send it there. The password of everybody is <strong>demo</strong>.</p></section>`;
}

const NOT_ENROLLED = html`<p>An administrator gives out a code for it: sign in to the console as Grace, press “Enrol a workstation”, and follow the link
beside the code back to here.</p>
<p class="actions"><a class="button" href="/admin/workstations">Get a code in the console</a> <a href="/desk/device/enroll">I have a code</a></p>`;

const NOT_KNOWN = html`<p>This page is for devices that you have enrolled.</p>
<p class="actions"><a class="button" href="/shop/account">Enrol this one in My account</a></p>`;

const SECOND_PERSON = html`<section class="beside" aria-label="How to be two people"><h2>How to be two people</h2>
<p>Nobody approves what they asked for themselves. Open the admin console in another browser or in a private window, sign in as the other
administrator, and look at <a href="/admin/approvals">Approvals</a> there.</p></section>`;
