import { describe, expect, test } from '@jest/globals';
import expressDefault from 'express';
import { approvalEndpoints, requireApproval, type RequireApprovalOptions, stepUp } from '../../lib/index.ts';
import { manualClock } from '../../lib/testing/manual-clock.ts';
import { memoryStore } from '../../lib/sessions/memory-store.ts';
import { approvalWorld, asked, DELETE } from './approval-world.ts';

const good = { from: ['bob'], for: '15m' } as const;

describe('options of requireApproval', () => {
  test.each([
    ['none', undefined, /it needs options/],
    ['one that it does not have', { ...good, form: ['bob'] }, /no option "form" \(did you mean "from"\?\)/],
    ['nobody to approve', { ...good, from: [] }, /from must say who may approve/],
    ['an approver that is no id', { ...good, from: [7] }, /from must say who may approve/],
    ['a single name', { ...good, from: 'bob' }, /from must say who may approve/],
    ['no time', { from: ['bob'] }, /requireApproval: for/],
    ['a bare number of minutes', { ...good, for: 15 }, /did you mean "15s"/],
    ['a wait that cannot be read', { ...good, pending: 'soon' }, /requireApproval: pending/],
    ['a scope that is empty', { ...good, scope: '' }, /scope must be a text/],
    ['a scope of two lines', { ...good, scope: 'a\nb' }, /scope must be a text/],
    ['a scope that reads in another order', { ...good, scope: 'a\u202eb' }, /scope must be a text/],
    ['a reason that is neither', { ...good, reason: 'yes' }, /reason must be true or false/],
    ['a demand that is not known', { ...good, approver: { level: 'aal2' } }, /no option "level"/],
    ['a step-up that is not known', { ...good, approver: { stepUp: { levl: 'aal2' } } }, /no option "levl"/],
    ['a device that is not known', { ...good, approver: { device: 'mine' } }, /requireDevice takes/],
  ])('%s is refused at once', (_what, options, message) => {
    expect(() => requireApproval(options as unknown as RequireApprovalOptions)).toThrow(
      expect.objectContaining({ name: 'PolicyError', message: expect.stringMatching(message) }),
    );
  });

  test('what is given is not changed by what becomes of it afterwards', async () => {
    const from = ['bob'];
    const world = approvalWorld(expressDefault, { rule: { from } });
    from.push('eve');
    const [ann, eve] = [await world.person('ann'), await world.person('eve')];
    await eve.decides('approve', (await asked(ann)).id).expect(404);
  });
});

describe('options of approvalEndpoints', () => {
  const guard = requireApproval({ ...good, scope: 'a' });
  test.each([
    ['no guards', [], {}, /give it the guards/],
    ['a guard of another kind', [stepUp({ maxAge: '1m' })], {}, /what requireApproval/],
    ['two guards with a scope', [guard, requireApproval({ ...good, scope: 'a' })], {}, /two guards have the scope "a"/],
    ['two guards without one', [requireApproval(good), requireApproval(good)], {}, /two guards have no scope/],
    ['an option that is not known', [guard], { names: String }, /no option "names" \(did you mean "name"\?\)/],
    ['an address elsewhere', [guard], { url: '//evil.example' }, /url must be a path/],
    ['a name that is none', [guard], { name: 'bob' }, /name must be a function/],
  ])('%s is refused at once', (_what, guards, options, message) => {
    expect(() => approvalEndpoints(guards, options as never)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTIONS_INVALID', message: expect.stringMatching(message) }),
    );
  });

  test('the same guard twice is one guard', () => {
    expect(() => approvalEndpoints([guard, guard])).not.toThrow();
  });
});

describe('the rule of now', () => {
  test.each([
    ['by somebody who may approve no more', { from: ['cyd'] }, 403],
    ['for another thing', { scope: 'delete two customers' }, 403],
    ['under weaker demands on whoever approves', { approver: { stepUp: { level: 'aal2' } } }, 403],
    ['by somebody among others', { from: ['dan', 'bob'] }, 200],
  ])('decides about what was approved %s', async (_what, rule, status) => {
    const clock = manualClock();
    const store = memoryStore({ clock: clock.now });
    const before = approvalWorld(expressDefault, { store, clock });
    const after = approvalWorld(expressDefault, { store, clock, rule });
    const [ann, bob] = [await before.person('ann'), await before.person('bob')];
    await bob.decides('approve', (await asked(ann)).id).expect(200);
    await ann.deletes().expect(200);
    await ann.on(after).deletes().expect(status);
  });

  test('a time that has been shortened ends sooner, one that has been lengthened does not end later', async () => {
    for (const [time, opens] of [
      ['5m', '4m'],
      ['1h', '14m'],
    ] as const) {
      const clock = manualClock();
      const store = memoryStore({ clock: clock.now });
      const before = approvalWorld(expressDefault, { store, clock });
      const [ann, bob] = [await before.person('ann'), await before.person('bob')];
      await bob.decides('approve', (await asked(ann)).id).expect(200);
      const later = ann.on(approvalWorld(expressDefault, { store, clock, rule: { for: time } }));
      clock.advance(opens);
      await later.deletes().expect(200);
      clock.advance('1m');
      await later.deletes().expect(403);
    }
  });

  test('a function is asked about the approver and the request, and only true lets them', async () => {
    const seen: unknown[] = [];
    let answer: unknown = true;
    const from = (...args: unknown[]): boolean => {
      seen.push(args);
      return answer as boolean;
    };
    const world = approvalWorld(expressDefault, { rule: { from } });
    const [ann, bob] = [await world.person('ann'), await world.person('bob')];
    const request = await asked(ann);
    for (answer of ['yes', 1, {}, Promise.resolve('yes'), false]) await bob.decides('approve', request.id).expect(404);
    answer = Promise.resolve(true);
    await bob.decides('approve', request.id).expect(200);
    expect(seen.at(-1)).toEqual([
      { id: 'bob', kind: 'user' },
      {
        id: request.id,
        app: 'desk',
        scope: request.scope,
        subject: { id: 'ann', kind: 'user' },
        reason: request.reason,
        askedAt: request.askedAt,
      },
    ]);
    await ann.deletes().expect(200);
    answer = false;
    await ann.deletes().expect(403);
    seen.length = 0;
    await ann.decides('approve', request.id).expect(403);
    expect(seen).toEqual([]);
  });

  test('a function that fails opens nothing', async () => {
    let fails = false;
    const from = async (): Promise<boolean> => {
      if (fails) throw new Error('the directory is down');
      return true;
    };
    const world = approvalWorld(expressDefault, { rule: { from } });
    const [ann, bob] = [await world.person('ann'), await world.person('bob')];
    const request = await asked(ann);
    fails = true;
    expect((await bob.decides('approve', request.id).expect(500)).text).not.toContain('directory');
    fails = false;
    await bob.decides('approve', request.id).expect(200);
    fails = true;
    await ann.deletes().expect(500);
  });

  test('the other guard of a route with the same scope asks for itself', async () => {
    const world = approvalWorld();
    const stricter = requireApproval({ ...DELETE, from: ['cyd'] });
    const looser = requireApproval(DELETE);
    world.app.post('/desk/both', looser, stricter, (_req, res) => void res.send('done'));
    const [ann, bob, cyd] = [await world.person('ann'), await world.person('bob'), await world.person('cyd')];
    const first = await asked(ann);
    await bob.decides('approve', first.id).expect(200);
    await ann.agent.post('/desk/both').expect(403);
    await ann.decides('revoke', first.id).expect(200);
    await cyd.decides('approve', (await asked(ann)).id).expect(200);
    await ann.agent.post('/desk/both').expect(200);
  });

  test('the report names the scope and where it comes from', () => {
    const { app, sessions } = approvalWorld();
    const rule = (path: string): string | undefined =>
      sessions
        .report(app)
        .toString()
        .split('\n')
        .find((line) => line.includes(` ${path} `));
    expect(rule('/desk/customers/:id')).toMatch(/approval delete a customer \[guard:requireApproval\]/);
    expect(rule('/desk/exports/:id')).toMatch(/approval of each method and path \[guard:requireApproval\]/);
  });
});
