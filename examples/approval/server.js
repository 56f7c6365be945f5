// Deleting a customer is open to nobody by itself. Whoever needs it says why, another person approves it, and then it is open for fifteen
// minutes, in that session only. A browser finds the same at http://localhost:3000/customers/7/delete, after a sign-in there.
//
//   npm run build && node examples/approval/server.js
//   curl -c ann -X POST localhost:3000/login -d who=ann
//   curl -c bob -X POST localhost:3000/login -d who=bob
//   curl -b ann -X DELETE localhost:3000/customers/7                             403: approval_required, state none
//   curl -b ann localhost:3000/approvals -d 'scope=delete a customer' -d 'reason=Ticket 4711'   201: state pending, and an id
//   curl -b ann -X POST localhost:3000/approvals/ID/approve                      403: approval_own
//   curl -b bob localhost:3000/approvals                                         what bob may decide
//   curl -b bob localhost:3000/approvals/ID/approve -d 'comment=Go on'           state granted
//   curl -b ann -X DELETE localhost:3000/customers/7                             deleted
//   curl -b ann -X POST localhost:3000/approvals/ID/revoke                       state revoked
import express from 'express';
import { approvalEndpoints, requireApproval, sessionPolicy } from 'express-session-policy';
import { listen, runDirectly, secret } from '../listen.js';

export function start({ port = 3000, clock, log = console.log } = {}) {
  const app = express();
  const audit = ({ approval, subject, type }) => {
    if (approval !== undefined) log(`${type}: “${approval.scope}” by ${subject?.id}`);
  };
  const sessions = sessionPolicy({ profile: 'staff-web', secret, audit, ...(clock && { clock }) });
  app.use(sessions);

  const approved = requireApproval({ scope: 'delete a customer', from: ['bob', 'cyd'], for: '15m', reason: true });
  app.use('/approvals', approvalEndpoints([approved]));
  app.delete('/customers/:id', approved, (_req, res) => void res.send('deleted\n'));
  app.get('/customers/:id/delete', approved, (_req, res) => void res.send('Here it would be asked once more, and deleted.\n'));

  app.get('/login', (_req, res) => void res.send(form('Sign in', '<label>Name <input name="who" value="ann"></label>')));
  app.get('/reauthenticate', (req, res) => void res.send(form(`Are you ${req.sessionPolicy.subject?.id ?? 'there'}?`)));
  // Everybody is who they say they are; a real application checks it.
  app.post('/login', express.urlencoded({ extended: false }), async (req, res) => {
    await req.sessionPolicy.signIn({ subject: { id: String(req.body.who), kind: 'user' }, amr: ['pwd'] });
    res.redirect(303, req.sessionPolicy.returnTo('/approvals'));
  });
  app.post('/reauthenticate', async (req, res) => {
    if (req.sessionPolicy.subject === undefined) return void res.sendStatus(401);
    await req.sessionPolicy.reauthenticated({ amr: ['pwd'] });
    res.redirect(303, req.sessionPolicy.returnTo('/approvals'));
  });

  return listen(app, port, () => sessions.close());
}

function form(title, fields = '') {
  return `<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1><form method="post">${fields} <button>Yes</button></form>`;
}

await runDirectly(import.meta, start);
