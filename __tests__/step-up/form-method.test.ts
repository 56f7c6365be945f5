import { describe, expect, test } from '@jest/globals';
import request, { type Response } from 'supertest';
import { type ConfirmationFormOptions, confirmationForm } from '../../lib/index.ts';
import { browser } from '../express/bank.ts';
import { expressVersions } from '../support/express.ts';
import { confirmationSite, GOOD_CODE, type SiteOptions } from './confirmation-site.ts';

const FORM = '/reauthenticate/form?way=code';

describe.each(expressVersions)('a form of the application on %s', (_name, express) => {
  const signedIn = async (options: SiteOptions = {}, id = 'ada') => {
    const site = confirmationSite(express, options);
    const person = browser(site.app);
    await person.agent.post(`/login?id=${id}`).expect(303);
    return { site, person, agent: person.agent };
  };

  describe('confirms with the right value', () => {
    test('and leads to the page that asked', async () => {
      const { person } = await signedIn();
      const hand = handOf(await person.visit('/secret').expect(303));
      await person.send(`${FORM}&${hand}`, { code: GOOD_CODE }).expect(303).expect('Location', '/secret');
      await person.visit('/secret').expect(200);
    });

    test('for a program, in JSON', async () => {
      const { agent } = await signedIn();
      await agent.post(FORM).send({ code: GOOD_CODE }).expect(200, { next: '/' });
    });

    test('on a phone, which gets its new token', async () => {
      const { app } = confirmationSite(express);
      const { body: session } = await request(app).post('/phone/login').expect(200);
      const { body } = await request(app)
        .post('/phone/reauthenticate/form?way=code')
        .auth(session.token, { type: 'bearer' })
        .send({ code: GOOD_CODE })
        .expect(200);
      expect(body).toEqual({ next: '/', token: expect.any(String) });
    });

    test('with the body read by the application', async () => {
      const { person } = await signedIn({ parserFirst: true });
      await person.send(FORM, { code: GOOD_CODE }).expect(303);
    });

    test('as the methods and the level that it stands for, and no more', async () => {
      const { person } = await signedIn();
      await person.send(FORM, { code: GOOD_CODE }).expect(303);
      await person.visit('/both').expect(200);
      await person.visit('/vault').expect(303);
    });

    test('each form its own', async () => {
      const { person, site } = await signedIn();
      await person.send('/reauthenticate/form?way=password', { password: 'open sesame' }).expect(303);
      await person.send('/reauthenticate/form?way=password', { password: GOOD_CODE, code: GOOD_CODE }).expect(400);
      expect(site.tried).toEqual([]);
    });
  });

  describe('refuses', () => {
    test.each([
      ['a wrong value', { code: '000000' }],
      ['an empty value', { code: '' }],
      ['no value', {}],
      ['a value under another name', { kode: GOOD_CODE }],
      ['a list', { code: [GOOD_CODE, GOOD_CODE] }],
      ['an object', { code: { length: 6 } }],
      ['a number', { code: 123_456 }],
      ['a value that is too long', { code: 'x'.repeat(1_025) }],
    ])('%s', async (what, body) => {
      const { agent, person, site } = await signedIn();
      await refused(agent.post(FORM).send(body), 400, 'confirmation_refused');
      expect(site.tried).toHaveLength(what === 'a wrong value' ? 1 : 0);
      await person.visit('/secret').expect(303);
    });

    test.each([
      ['"yes"', 'yes'],
      ['1', 1],
      ['an object', { ok: true }],
      ['nothing', undefined],
    ])('when verify answers %s and not true', async (_what, answer) => {
      const { agent } = await signedIn({ code: { verify: () => answer as never } });
      await refused(agent.post(FORM).send({ code: GOOD_CODE }), 400, 'confirmation_refused');
    });

    test.each([
      ['throws', () => Promise.reject(new Error(`no such code as ${GOOD_CODE}`))],
      [
        'throws at once',
        () => {
          throw new TypeError(GOOD_CODE);
        },
      ],
    ])('when verify %s, without a word about it', async (_what, verify) => {
      const { agent, person } = await signedIn({ code: { verify } });
      const answer = await agent.post(FORM).send({ code: GOOD_CODE }).expect(500);
      expect(answer.text).not.toContain(GOOD_CODE);
      await person.visit('/secret').expect(303);
    });

    test('nobody', async () => {
      await refused(request(confirmationSite(express).app).post(FORM).send({ code: GOOD_CODE }), 401, 'session_ended');
    });

    test('another site', async () => {
      const { agent, site } = await signedIn();
      await agent.post(FORM).set('Origin', 'https://evil.example').type('form').send({ code: GOOD_CODE }).expect(403);
      expect(site.tried).toEqual([]);
    });

    test.each([
      ['too long', `code=${'x'.repeat(40_000)}`],
      ['with thousands of fields', Array.from({ length: 5_000 }, (_, index) => `f${index}=1`).join('&')],
    ])('a body %s', async (_what, text) => {
      const { agent, site } = await signedIn();
      await refused(agent.post(FORM).type('form').send(text), 400, 'confirmation_malformed');
      expect(site.tried).toEqual([]);
    });

    test('a form that is not there', async () => {
      const { agent, site } = await signedIn();
      for (const address of ['/reauthenticate/form?way=other', '/reauthenticate/form', '/reauthenticate/form?way=__proto__'])
        expect((await agent.post(address).send({ code: GOOD_CODE })).body).not.toHaveProperty('next');
      expect(site.tried).toEqual([]);
    });

    test('a level that the policy does not know, before anybody tries', async () => {
      const { agent, site } = await signedIn({ code: { level: 'aal9' } });
      await refused(agent.post(FORM).send({ code: GOOD_CODE }), 500, 'level_unknown');
      expect(site.tried).toEqual([]);
    });
  });

  describe('a page of it', () => {
    test('is shown again after a wrong value: status 400, the reason tied to the field, the value gone', async () => {
      const { person } = await signedIn();
      const hand = handOf(await person.visit('/secret').expect(303));
      const { headers, text } = await person.send(`${FORM}&${hand}`, { code: 'guess-1' }).expect(400);
      expect(text).toContain('<p class="error" id="code-error" role="alert">That is not right. Please try again.</p>');
      expect(text).toMatch(/<input id="code-code"[^>]* aria-invalid="true" aria-describedby="code-error" autofocus>/);
      expect(text).toContain(`action="/reauthenticate/form?way=code&#38;${hand}"`);
      expect(text).not.toContain('guess-1');
      expect(headers['cache-control']).toBe('no-store');
      // The other form was not tried.
      expect(text.match(/aria-invalid/g)).toHaveLength(1);
    });

    test('says the same for every wrong value', async () => {
      const { person } = await signedIn();
      const texts = [];
      for (const code of ['1', '123457', '<script>alert(1)</script>']) texts.push((await person.send(FORM, { code }).expect(400)).text);
      expect(new Set(texts).size).toBe(1);
    });
  });

  describe('tries are counted', () => {
    const guess = (agent: ReturnType<typeof browser>['agent'], code = '000000') => agent.post(FORM).send({ code });

    test('five in a quarter of an hour; then 429 until the first of them is old', async () => {
      const { agent, site } = await signedIn();
      for (let count = 0; count < 5; count += 1) {
        await guess(agent).expect(400);
        site.clock.advance(60_000);
      }
      const answer = await guess(agent, GOOD_CODE).expect(429).expect('Retry-After', '600');
      expect(answer.body).toMatchObject({
        reason: 'attempts_exhausted',
        detail: 'Too many tries. Please wait 10 minutes, or use another way.',
      });
      expect(site.tried).toHaveLength(5);
      site.clock.advance(599_999);
      // Tries are no activity, so the session is over by now.
      await agent.post('/login').expect(303);
      await guess(agent, GOOD_CODE).expect(429).expect('Retry-After', '1');
      site.clock.advance(1);
      await guess(agent, GOOD_CODE).expect(200);
    });

    test('for a page in words', async () => {
      const { person } = await signedIn({ code: { attempts: { max: 1, per: '2h' } } });
      await person.send(FORM, { code: '1' }).expect(400);
      const { text } = await person.send(FORM, { code: GOOD_CODE }).expect(429).expect('Retry-After', '7200');
      expect(text).toMatch(/id="code-error" role="alert">Too many tries\. Please wait 2 hours, or use another way\./);
    });

    test('a good one makes up for those before it', async () => {
      const { agent } = await signedIn();
      for (let round = 0; round < 3; round += 1) {
        for (let count = 0; count < 4; count += 1) await guess(agent).expect(400);
        await guess(agent, GOOD_CODE).expect(200);
      }
    });

    test('over all sessions of a person, and on whichever form of address', async () => {
      const { agent, site } = await signedIn();
      for (let count = 0; count < 5; count += 1) await guess(agent).expect(400);
      const again = browser(site.app).agent;
      await again.post('/login').expect(303);
      await guess(again, GOOD_CODE).expect(429);
      const { body } = await request(site.app).post('/phone/login').expect(200);
      await request(site.app)
        .post('/phone/reauthenticate/form?way=code')
        .auth(body.token, { type: 'bearer' })
        .send({ code: GOOD_CODE })
        .expect(429);
    });

    test('for each person and each form apart', async () => {
      const { agent, site } = await signedIn();
      for (let count = 0; count < 5; count += 1) await guess(agent).expect(400);
      await agent.post('/reauthenticate/form?way=password').send({ password: 'open sesame' }).expect(200);
      const grace = browser(site.app).agent;
      await grace.post('/login?id=grace').expect(303);
      await guess(grace, GOOD_CODE).expect(200);
    });

    test('a reauthentication by another way gives no new tries', async () => {
      const { agent } = await signedIn();
      for (let count = 0; count < 5; count += 1) await guess(agent).expect(400);
      await agent.post('/reauthenticate/form?way=password').send({ password: 'open sesame' }).expect(200);
      await guess(agent, GOOD_CODE).expect(429);
    });

    test('a value that nobody can have typed costs no try', async () => {
      const { agent } = await signedIn({ code: { attempts: { max: 1, per: '1m' } } });
      for (const code of ['', undefined, ['x']]) await agent.post(FORM).send({ code }).expect(400);
      await guess(agent, GOOD_CODE).expect(200);
    });
  });

  test('does not count as activity', async () => {
    const { agent, site } = await signedIn();
    for (let minute = 0; minute < 14; minute += 5) {
      site.clock.advance(5 * 60_000);
      await agent.post(FORM).send({ code: '' });
      await agent.get('/reauthenticate');
    }
    site.clock.advance(60_000);
    await agent.get('/account').expect(401);
  });
});

describe('options of confirmationForm', () => {
  const good: ConfirmationFormOptions = {
    id: 'totp',
    title: 'With a code',
    fields: [{ name: 'code', label: 'Code' }],
    level: 'aal2',
    amr: ['otp'],
    verify: () => true,
  };
  test.each([
    [{ ...good, id: 'passkey' }, /needs an id/],
    [{ ...good, id: 'a b' }, /needs an id/],
    [{ ...good, title: '' }, /title/],
    [{ ...good, fields: [] }, /1 to 8 fields/],
    [{ ...good, fields: [{ name: 'return_to', label: 'x' }] }, /name of letters/],
    [{ ...good, fields: [{ name: '__proto__', label: 'x' }] }, /name of letters/],
    [{ ...good, fields: [{ name: 'a"b', label: 'x' }] }, /name of letters/],
    [{ ...good, fields: [{ name: 'code', label: '' }] }, /label/],
    [{ ...good, fields: [{ name: 'code', label: 'x', type: 'hidden' }] }, /'password' or 'text'/],
    [{ ...good, fields: [{ name: 'code', label: 'x', value: 'y' }] }, /has no option "value"/],
    [{ ...good, fields: [...good.fields, ...good.fields] }, /name of their own/],
    [{ ...good, level: '' }, /level/],
    [{ ...good, amr: undefined }, /RFC 8176/],
    [{ ...good, verify: 'x' }, /verify/],
    [{ ...good, attempts: { max: 0, per: '15m' } }, /attempts/],
    [{ ...good, attempts: { max: 1_000, per: '15m' } }, /attempts/],
    [{ ...good, attempts: { max: 5, per: 15 } }, /attempts\.per/],
    [{ ...good, attempt: {} }, /did you mean "attempts"/],
  ])('%# that cannot be are refused at once', (options, message) => {
    expect(() => confirmationForm(options as never)).toThrow(message);
  });
});

function handOf({ headers }: Response): string {
  const location = headers['location'] as string;
  expect(location).toMatch(/^\/reauthenticate\?return_to=[A-Za-z0-9_-]+$/);
  return location.slice(location.indexOf('?') + 1);
}

async function refused(answer: PromiseLike<Response>, status: number, reason: string): Promise<void> {
  const { body, status: given } = await answer;
  expect([given, body.reason]).toEqual([status, reason]);
}
