import { PEOPLE } from './people.js';
import { spoken } from './rules.js';
import { html } from './views.js';

/** A table of sessions, each with a button that ends it. `ofMany`: they are of several people. `doneAt`: the page to show afterwards. */
export function sessionTable(portfolio, sessions, { action, doneAt, ofMany = false }) {
  const now = portfolio.now();
  return html`<div class="scroll"><table><thead><tr><th scope="col">App</th>${ofMany && html`<th scope="col">Who</th>`}
<th scope="col" class="if-wide">With</th><th scope="col" class="if-wide">Signed in</th><th scope="col">Last active</th>
<th scope="col"><span class="unseen">End it</span></th></tr></thead>
<tbody>${sessions.map((session) => sessionRow(session, now, { action, doneAt, ofMany }))}</tbody></table></div>`;
}

function sessionRow(session, now, { action, doneAt, ofMany }) {
  return html`<tr><td>${session.app}</td>${ofMany && html`<td>${PEOPLE.get(session.subject?.id)?.name ?? 'a guest'}</td>`}
<td class="if-wide">${session.client ?? '–'}</td><td class="if-wide">${ago(now - session.createdAt)}</td>
<td>${ago(now - session.lastActiveAt)}</td><td>${session.current ? 'this one' : endForm(session, action, doneAt)}</td></tr>`;
}

function endForm({ handle, app }, action, doneAt) {
  return html`<form method="post" action="${action}"><input type="hidden" name="session" value="${handle}">
${doneAt && html`<input type="hidden" name="returnTo" value="${doneAt}">`}
<button class="quiet" aria-label="End this session in ${app}">End</button></form>`;
}

/** How long ago, in words. */
export function ago(ms) {
  if (ms < 5_000) return 'just now';
  const unit = ms < 120_000 ? 1_000 : 60_000;
  return `${spoken(Math.round(ms / unit) * unit)} ago`;
}
