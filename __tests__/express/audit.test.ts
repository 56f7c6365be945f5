import { describe, expect, test } from '@jest/globals';
import request from 'supertest';
import type { AuditEvent } from '../../lib/index.ts';
import { expressVersions } from '../support/express.ts';
import { portfolio } from './portfolio.ts';

describe.each(expressVersions)('what the audit sink is told on %s', (_name, express) => {
  const brief = ({ type, outcome, reason, app, subject }: AuditEvent) => [type, outcome, reason, app, subject?.id];

  test('sign-in, decisions of the document and of guards, reauthentication and sign-out, in order', async () => {
    const { app, events } = portfolio(express);
    const agent = request.agent(app);
    await agent.post('/staff/login').expect(200);
    await agent.post('/staff/transfer').expect(401);
    await agent.post('/staff/confirm?level=aal2').expect(200);
    await agent.post('/staff/once').expect(200);
    await agent.post('/staff/once').expect(401);
    await agent.post('/staff/logout').expect(200);
    expect(events.map(brief)).toEqual([
      ['decision', 'allow', 'allowed', 'staff', undefined],
      ['sign_in', 'allow', 'allowed', 'staff', 'u1'],
      ['decision', 'allow', 'allowed', 'staff', 'u1'],
      ['decision', 'challenge', 'assurance_insufficient', 'staff', 'u1'],
      ['decision', 'allow', 'allowed', 'staff', 'u1'],
      ['reauthenticated', 'allow', 'allowed', 'staff', 'u1'],
      ['decision', 'allow', 'allowed', 'staff', 'u1'],
      ['decision', 'allow', 'allowed', 'staff', 'u1'],
      ['decision', 'challenge', 'reauthentication_required', 'staff', 'u1'],
      ['decision', 'allow', 'allowed', 'staff', 'u1'],
      ['sign_out', 'allow', 'signed_out', 'staff', 'u1'],
    ]);
  });

  test('refusals that come before any session, and revocations, with the time of the store', async () => {
    const { app, events, sessions, clock } = portfolio(express);
    await request(app).get('/elsewhere').expect(403);
    await request(app).post('/staff/login').set('Sec-Fetch-Site', 'cross-site').expect(403);
    await sessions.revoke({ subject: 'u1' });
    await sessions.revoke({ app: 'staff' });
    await sessions.revoke({ all: true });
    await Promise.resolve();
    expect(events.map(brief)).toEqual([
      ['decision', 'deny', 'app_unknown', undefined, undefined],
      ['decision', 'deny', 'cross_site_request', 'staff', undefined],
      ['revoked', 'allow', 'session_revoked', undefined, 'u1'],
      ['revoked', 'allow', 'session_revoked', 'staff', undefined],
      ['revoked', 'allow', 'session_revoked', undefined, undefined],
    ]);
    expect(new Set(events.map(({ at }) => at))).toEqual(new Set([clock.now()]));
  });
});
