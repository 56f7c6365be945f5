import { approvalEndpoints, requireApproval } from 'express-session-policy';
import { isAdministrator, nameOf } from './people.js';
import { html } from './views.js';

/** Four eyes: another administrator has to approve it, with a code of the last minute. */
const approved = requireApproval({
  scope: 'export all customers',
  from: isAdministrator,
  for: '1m',
  reason: true,
  approver: { stepUp: { maxAge: '1m', level: 'aal2' } },
  pending: '5m',
});

/** The customers as a file, open for a minute at a time, and the page on which that is asked for and approved. */
export function mountExport(app, customers, show) {
  app.get('/admin/export', approved, (req, res) => {
    const file = ['name', ...customers].map((name) => JSON.stringify(name)).join('\n');
    show(req, res, { title: 'All customers', body: exported(file) });
  });
  app.use('/admin/approvals', approvalEndpoints([approved], { name: nameOf }));
}

/** What leads there, on the page of the console. */
export const EXPORT = html`<p class="actions"><a class="button" href="/admin/export">Export all customers</a> <a href="/admin/approvals">Approvals</a></p>
<p>Exporting needs another administrator. You say why; they approve it in their own session, with a code; then it is open to you for one minute.
Open another browser or a private window and sign in there as the other one.</p>`;

const exported = (file) => html`<pre class="wire" tabindex="0" aria-label="customers.csv">${file}</pre>
<p>Open for one minute from the approval on, in this session only. Load this page again until it is over.</p>
<p class="actions"><a class="button" href="/admin/export">Load again</a> <a href="/admin/approvals">Approvals</a> <a href="/admin">Back to the console</a></p>`;
