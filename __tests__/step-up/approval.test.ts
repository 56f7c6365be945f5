import { describe, expect, test } from '@jest/globals';
import { requireApproval } from '../../lib/index.ts';
import { expressVersions } from '../support/express.ts';
import { approvalWorld, asked, SCOPE } from './approval-world.ts';

describe.each(expressVersions)('an approval on %s', (_name, express) => {
  const world = (options: Parameters<typeof approvalWorld>[1] = {}) => approvalWorld(express, options);

  async function ready(options: Parameters<typeof approvalWorld>[1] = {}) {
    const made = world(options);
    return { ...made, ann: await made.person('ann'), bob: await made.person('bob') };
  }

  test('is asked for by one, given by another, and open for its time', async () => {
    const { ann, bob, clock } = await ready();
    expect((await ann.deletes().expect(403)).body).toEqual({
      type: 'about:blank',
      title: 'Approval required',
      status: 403,
      detail: 'Another person has to approve this first.',
      reason: 'approval_required',
      scope: SCOPE,
      state: 'none',
      approval: '/desk/approvals',
    });
    const request = await asked(ann);
    expect(request).toMatchObject({ app: 'desk', scope: SCOPE, state: 'pending', reason: 'they asked for it', can: ['revoke'] });
    expect((await ann.deletes().expect(403)).body.state).toBe('pending');
    const [seen] = (await bob.list()).others;
    expect(seen).toMatchObject({ id: request.id, subject: { id: 'ann', kind: 'user', name: 'ann of /desk' }, forSeconds: 900 });
    expect(seen).toMatchObject({ can: ['approve', 'refuse'], backTo: null, decidedBy: null });
    clock.advance('4m');
    const approved = (await bob.decides('approve', request.id, { comment: 'go on' }).expect(200)).body;
    expect(approved).toMatchObject({ state: 'granted', decidedBy: { id: 'bob', kind: 'user', name: 'bob of /desk' }, comment: 'go on' });
    expect(approved.endsAt).toBe(clock.now() + 900_000);
    await ann.deletes().expect(200);
    await ann.deletes().expect(200);
    clock.advance(899_999);
    await ann.deletes().expect(200);
    clock.advance(1);
    expect((await ann.deletes().expect(403)).body.state).toBe('ended');
    expect((await ann.list()).own).toMatchObject([{ state: 'ended', can: [] }]);
  });

  test('opens nothing for another session of the same person, nor for anybody else, nor anything else', async () => {
    const { ann, bob, person } = await ready();
    const elsewhere = await person('ann');
    const request = await asked(ann);
    await bob.decides('approve', request.id).expect(200);
    expect((await elsewhere.deletes().expect(403)).body.state).toBe('none');
    await bob.deletes().expect(403);
    await ann.agent.get('/desk/exports/1').expect(403);
    await ann.agent.post('/desk/customers/delete').expect(200);
  });

  test('survives a confirmation and ends with the session', async () => {
    const { ann, bob, sessions, person } = await ready();
    await bob.decides('approve', (await asked(ann)).id).expect(200);
    await ann.agent.post('/desk/reauthenticate').expect(303);
    await ann.deletes().expect(200);
    await sessions.revoke({ subject: 'ann' });
    expect((await ann.deletes().expect(401)).body.reason).toBe('session_revoked');
    expect((await (await person('ann')).deletes().expect(403)).body.state).toBe('none');
  });

  test.each(['approve', 'refuse'])('is not for whoever asked to %s: not from another session, not as another kind', async (verb) => {
    const { ann, person, events } = await ready({ rule: { from: ['ann', 'bob'] } });
    const request = await asked(ann);
    for (const one of [ann, await person('ann'), await person('ann', { kind: 'service' })]) {
      expect((await one.decides(verb, request.id).expect(403)).body.reason).toBe('approval_own');
    }
    expect(events.at(-1)).toMatchObject({ type: 'decision', outcome: 'deny', approval: { id: request.id } });
    const byService = await asked(await person('bob', { kind: 'service' }));
    await (await person('bob')).decides(verb, byService.id).expect(403);
    await ann.deletes().expect(403);
  });

  test('is not for somebody who is not named, who does not even learn of it, nor for what is no person', async () => {
    const { ann, person } = await ready();
    const request = await asked(ann);
    for (const one of [await person('eve'), await person('bob', { kind: 'service' })]) {
      for (const verb of ['approve', 'refuse', 'revoke'])
        expect((await one.decides(verb, request.id).expect(404)).body.reason).toBe('approval_unknown');
      expect((await one.list()).others).toEqual([]);
    }
    await ann.deletes().expect(403);
  });

  test('is decided once', async () => {
    const { ann, bob, person } = await ready();
    const cyd = await person('cyd');
    const request = await asked(ann);
    await bob.decides('refuse', request.id, { comment: 'not today' }).expect(200);
    expect((await cyd.decides('approve', request.id).expect(409)).body.reason).toBe('approval_decided');
    expect((await ann.deletes().expect(403)).body.state).toBe('refused');
    expect((await ann.list()).own).toMatchObject([{ state: 'refused', comment: 'not today' }]);
  });

  test('waits for its time and no longer', async () => {
    const { ann, bob, clock } = await ready();
    const request = await asked(ann);
    clock.advance(3_599_999);
    expect((await bob.list()).others).toHaveLength(1);
    clock.advance(1);
    expect((await bob.list()).others).toHaveLength(0);
    await bob.agent.post('/desk/reauthenticate').expect(303);
    expect((await bob.decides('approve', request.id).expect(409)).body.reason).toBe('approval_decided');
    expect((await ann.deletes().expect(403)).body.state).toBe('ended');
    expect((await ann.list()).own).toMatchObject([{ state: 'ended', decidedAt: null, can: [] }]);
    await ann.agent.get('/desk').expect(200);
    clock.advance('1h');
    expect((await ann.list()).own).toEqual([]);
  });

  test('takes a recent authentication of whoever gives it, and none of whoever gives it up', async () => {
    const { ann, bob, clock } = await ready();
    const request = await asked(ann);
    clock.advance('6m');
    const refused = await bob.decides('approve', request.id).expect(401);
    expect(refused.body).toMatchObject({ reason: 'reauthentication_required', maxAge: 300 });
    await ann.deletes().expect(403);
    await bob.agent.post('/desk/reauthenticate').expect(303);
    await bob.decides('approve', request.id).expect(200);
    clock.advance('6m');
    await bob.decides('revoke', request.id).expect(401);
    await ann.deletes().expect(200);
    await ann.decides('revoke', request.id).expect(200);
    expect((await ann.deletes().expect(403)).body.state).toBe('ended');
  });

  test.each(['remembered', 'impersonated', 'api-key'])('is neither given nor asked for in a session that is %s', async (how) => {
    const { ann, person } = await ready();
    const bob = await person('bob', { how });
    await bob.decides('approve', (await asked(ann)).id).expect(401);
    await ann.deletes().expect(403);
    const someone = await person('dan', { how });
    expect((await someone.asks().expect(401)).body.reason).toBe('reauthentication_required');
  });

  test('asks for the level and the device that the rule names', async () => {
    const strong = await ready({ rule: { approver: { stepUp: { level: 'aal2' } } } });
    const request = await asked(strong.ann);
    expect((await strong.bob.decides('approve', request.id).expect(401)).body).toMatchObject({ level: 'aal2', maxAge: 300 });
    await strong.bob.agent.post('/desk/reauthenticate?level=aal2').expect(303);
    await strong.bob.decides('approve', request.id).expect(200);
    const bound = await ready({ rule: { approver: { device: 'bound' } } });
    const other = await asked(bound.ann);
    expect((await bound.bob.decides('approve', other.id).expect(403)).body.reason).toBe('device_trust_insufficient');
    await bound.ann.deletes().expect(403);
  });

  test('is taken back by whoever gave it or may give it, at once', async () => {
    const { ann, bob, person } = await ready();
    const cyd = await person('cyd');
    for (const who of [bob, cyd]) {
      const request = await asked(ann);
      await bob.decides('approve', request.id).expect(200);
      await ann.deletes().expect(200);
      await who.decides('revoke', request.id).expect(200);
      expect((await ann.deletes().expect(403)).body.state).toBe('ended');
      await who.decides('revoke', request.id).expect(409);
    }
  });

  test('asked for again while it waits is the same request; after a refusal a new one, five times an hour in all sessions', async () => {
    const { ann, bob, person, clock } = await ready();
    const first = await asked(ann);
    expect((await ann.asks({ reason: 'another' }).expect(200)).body).toMatchObject({ id: first.id, reason: 'they asked for it' });
    const ids = [first.id];
    for (let round = 1; round < 5; round += 1) {
      await bob.decides('refuse', ids.at(-1) as string).expect(200);
      ids.push((await asked(round < 3 ? ann : await person('ann'))).id);
    }
    expect(new Set(ids).size).toBe(5);
    await bob.decides('refuse', ids.at(-1) as string).expect(200);
    for (const one of [ann, await person('ann')]) {
      const answer = await one.asks().expect(429).expect('Retry-After', '3600');
      expect(answer.body.reason).toBe('approval_asked_too_often');
    }
    await asked(await person('dan'));
    clock.advance('1h');
    await asked(await person('ann'));
  });

  test('a decision about an earlier request decides nothing about a later one', async () => {
    const { ann, bob } = await ready();
    const first = await asked(ann, { reason: 'harmless' });
    await ann.decides('revoke', first.id).expect(200);
    const second = await asked(ann, { reason: 'everything' });
    await bob.decides('approve', first.id).expect(404);
    expect((await ann.deletes().expect(403)).body.state).toBe('pending');
    await bob.decides('approve', second.id).expect(200);
  });

  test.each([
    ['no reason', { reason: '' }, 400, 'approval_reason_invalid'],
    ['nothing but space', { reason: ' \n ' }, 400, 'approval_reason_invalid'],
    ['a reason that is no text', { reason: 7 }, 400, 'approval_reason_invalid'],
    ['a reason that is too long', { reason: 'x'.repeat(501) }, 400, 'approval_reason_invalid'],
    ['a scope that nothing has', { reason: 'x', scope: 'something else' }, 400, 'approval_scope_unknown'],
    ['a list of scopes', { reason: 'x', scope: ['delete a customer'] }, 400, 'approval_scope_unknown'],
    ['a route that is too long', { reason: 'x', scope: `GET /${'x'.repeat(200)}` }, 400, 'approval_scope_unknown'],
    ['a book', { reason: 'x'.repeat(20_000) }, 413, 'body_unreadable'],
  ])('is not asked for with %s', async (_what, body, status, reason) => {
    const { ann } = await ready();
    expect((await ann.asks(body).expect(status)).body.reason).toBe(reason);
    expect((await ann.list()).own).toEqual([]);
  });

  test('five hundred characters of any kind are a reason, and what a terminal would carry out is taken out of it', async () => {
    const { ann, person } = await ready();
    const long = '😀'.repeat(500);
    expect((await asked(ann, { reason: long })).reason).toBe(long);
    const dan = await person('dan');
    expect((await asked(dan, { reason: ' one\r\n\u001b[2Jtwo\u202ethree ' })).reason).toBe('one [2Jtwo three');
  });

  test('without a scope is for one method and path, as the application wrote it', async () => {
    const { ann, bob } = await ready();
    expect((await ann.agent.get('/desk/exports/1').expect(403)).body.scope).toBe('GET /desk/exports/:id');
    expect((await ann.agent.post('/desk/exports/all').expect(403)).body.scope).toBe('POST /desk/exports/all');
    const request = await asked(ann, { scope: 'GET /desk/exports/:id', reason: undefined });
    expect(request.reason).toBe(null);
    await bob.decides('approve', request.id).expect(200);
    await ann.agent.get('/desk/exports/1').expect(200);
    await ann.agent.head('/desk/exports/2').expect(200);
    await ann.agent.post('/desk/exports/all').expect(403);
    await ann.deletes().expect(403);
  });

  test('of one app means nothing in another', async () => {
    const { ann, bob, person } = await ready();
    const there = await person('ann', { at: '/lab' });
    const request = await asked(ann);
    await bob.decides('approve', request.id).expect(200);
    expect((await there.deletes().expect(403)).body).toMatchObject({ state: 'none', approval: '/lab/approvals' });
    const boss = await person('bob', { at: '/lab' });
    expect((await boss.list()).others).toEqual([]);
    await boss.decides('revoke', request.id).expect(404);
    await ann.deletes().expect(200);
  });

  test('every step is on record, and its use', async () => {
    const { ann, bob, events } = await ready();
    const first = await asked(ann);
    await bob.decides('refuse', first.id, { comment: 'why?' });
    const second = await asked(ann, { reason: 'because' });
    await bob.decides('approve', second.id);
    await ann.deletes().expect(200);
    await ann.decides('revoke', second.id);
    const steps = events.filter(({ approval }) => approval !== undefined);
    expect(steps.map(({ type, outcome, reason, subject }) => [type, outcome, reason, subject?.id])).toEqual([
      ['approval_requested', 'challenge', 'approval_required', 'ann'],
      ['approval_refused', 'deny', 'approval_required', 'bob'],
      ['approval_requested', 'challenge', 'approval_required', 'ann'],
      ['approval_granted', 'allow', 'allowed', 'bob'],
      ['decision', 'allow', 'allowed', 'ann'],
      ['approval_revoked', 'deny', 'approval_required', 'ann'],
    ]);
    expect(steps[1]?.approval).toEqual({
      id: first.id,
      scope: SCOPE,
      requestedBy: { id: 'ann', kind: 'user' },
      reason: 'they asked for it',
      decidedBy: { id: 'bob', kind: 'user' },
      comment: 'why?',
      endsAt: undefined,
    });
    expect(steps[4]?.approval).toMatchObject({ id: second.id, decidedBy: { id: 'bob' }, endsAt: expect.any(Number) });
  });

  test('a program that asks again and again how it stands keeps no session alive; a person who looks does', async () => {
    const { ann, bob, clock } = await ready();
    clock.advance('90m');
    await ann.agent.get('/desk/approvals').expect(200);
    await bob.visit('/desk/approvals').expect(200);
    clock.advance('31m');
    expect((await ann.agent.get('/desk/approvals').expect(401)).body.reason).toBe('idle_timeout');
    await bob.visit('/desk/approvals').expect(200);
  });

  test('is not decided from another site', async () => {
    const { ann, bob } = await ready();
    const request = await asked(ann);
    await bob.decides('approve', request.id).set('Sec-Fetch-Site', 'cross-site').expect(403);
    await bob.decides('approve', request.id).set('Origin', 'https://evil.example').expect(403);
    await ann.deletes().expect(403);
  });
});

test('needs the middleware', (done) => {
  requireApproval({ from: ['bob'], for: '1m' })({} as never, {} as never, (error?: unknown) => {
    expect(error).toMatchObject({ code: 'ERR_MIDDLEWARE_MISSING' });
    done();
  });
});
