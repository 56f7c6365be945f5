import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { memoryPasskeys, type PasskeyStore, passkey } from '../../lib/step-up/passkey/passkey.ts';
import { expressVersions } from '../support/express.ts';
import { browser } from '../express/bank.ts';
import { confirmationSite, ORIGIN, type SiteOptions } from './confirmation-site.ts';
import { type AnswerParts, SoftwareAuthenticator } from './software-authenticator.ts';

const RP_ID = 'bank.example';
const ADA = { id: 'ada', kind: 'user' } as const;

describe.each(expressVersions)('a passkey on %s', (_name, express) => {
  const world = (options: SiteOptions = {}, counter = 0) => personWithPasskey(express, options, counter);

  describe('confirms', () => {
    test('and leads to the page that asked', async () => {
      const { person, confirm } = await world();
      const hand = handOf((await person.visit('/vault').expect(303)).headers['location'] as string);
      const { body } = await confirm({}, hand).expect(200);
      expect(body).toEqual({ next: '/vault' });
      await person.visit('/vault').expect(200, 'vault');
    });

    test('exactly the form that was kept', async () => {
      const { person, confirm, site } = await world();
      const challenged = await person.send('/transfer', { to: 'Grace', amount: '400' }).expect(303);
      const { body } = await confirm({}, handOf(challenged.headers['location'] as string)).expect(200);
      expect(body.next).toMatch(/^\/transfer\?resume_request=/);
      expect((await person.visit(body.next).expect(200)).text).toContain('Send 400 € to Grace');
      await person.send(body.next, undefined).expect(200);
      expect(site.transfers).toEqual([{ to: 'Grace', amount: '400' }]);
      await person.send('/transfer', { to: 'Grace', amount: '400' }).expect(303);
    });

    test('with the way back in the body, and with the body read by the application', async () => {
      const { agent, answer, person } = await world({ parserFirst: true });
      const hand = handOf((await person.visit('/vault').expect(303)).headers['location'] as string);
      const [, return_to] = hand.split('=');
      await agent
        .post('/reauthenticate/passkey')
        .send({ response: await answer(), return_to })
        .expect(200, { next: '/vault' });
    });

    test('without a way back', async () => {
      const { confirm } = await world();
      await confirm({}).expect(200, { next: '/' });
    });

    test('changes the session id, and counts as what it is', async () => {
      const { agent, person, confirm } = await world();
      const before = agent.jar.getCookie('bank.session', { path: '/', domain: '127.0.0.1', secure: false, script: false } as never)?.value;
      await confirm({}).expect(200);
      const after = agent.jar.getCookie('bank.session', { path: '/', domain: '127.0.0.1', secure: false, script: false } as never)?.value;
      expect(after).not.toEqual(before);
      await person.visit('/vault').expect(200);
      // Proof of a key is no one-time password.
      await person.visit('/both').expect(303);
    });

    test('with a user handle that the authenticator leaves out', async () => {
      const { confirm } = await world();
      await confirm({ userHandle: undefined }).expect(200);
    });

    test('on a phone, which gets its new token', async () => {
      const { authenticator, site } = await world();
      const { body: signedIn } = await request(site.app).post('/phone/login').expect(200);
      const options = await request(site.app)
        .post('/phone/reauthenticate/passkey/options')
        .auth(signedIn.token, { type: 'bearer' })
        .expect(200);
      const response = authenticator.answer({ challenge: options.body.challenge, origin: ORIGIN, rpId: RP_ID });
      const { body } = await request(site.app)
        .post('/phone/reauthenticate/passkey')
        .auth(signedIn.token, { type: 'bearer' })
        .send({ response })
        .expect(200);
      expect(body).toEqual({ next: '/', token: expect.any(String) });
      expect(body.token).not.toBe(signedIn.token);
    });

    test('a counter that grows, and keeps it', async () => {
      const { confirm, site } = await world({}, 7);
      await confirm({ counter: 8 }).expect(200);
      expect(await site.passkeys.list(ADA)).toMatchObject([{ counter: 8 }]);
    });
  });

  describe('the options', () => {
    test('name the passkeys of the person, demand verification, and are not cached', async () => {
      const { agent, authenticator } = await world();
      const { body, headers } = await agent.post('/reauthenticate/passkey/options').expect(200);
      expect(body).toEqual({
        rpId: RP_ID,
        challenge: expect.stringMatching(/^[A-Za-z0-9_-]{64}$/),
        allowCredentials: [{ id: authenticator.id, type: 'public-key', transports: ['internal'] }],
        userVerification: 'required',
        timeout: 300_000,
      });
      expect(headers['cache-control']).toBe('no-store');
    });

    test('have a challenge of their own each time', async () => {
      const { challenge } = await world();
      expect(await challenge()).not.toBe(await challenge());
    });

    test('are not for somebody without a passkey', async () => {
      const { agent } = browser(confirmationSite(express).app);
      await agent.post('/login').expect(303);
      await refused(agent.post('/reauthenticate/passkey/options'), 403, 'passkey_missing');
    });

    test('are not for nobody', async () => {
      await refused(request(confirmationSite(express).app).post('/reauthenticate/passkey/options'), 401, 'session_ended');
    });
  });

  describe('is refused', () => {
    const wrong: readonly (readonly [string, Partial<AnswerParts>, string?])[] = [
      ['user verification off', { flags: 0x01 }],
      ['nobody present', { flags: 0x04 }],
      ['no flag at all', { flags: 0 }],
      ['another origin', { origin: 'https://evil.example' }],
      ['the origin with another scheme', { origin: 'http://bank.example' }],
      ['the origin with another port', { origin: 'https://bank.example:8443' }],
      ['a subdomain that is not listed', { origin: 'https://www.bank.example' }],
      ['the origin in capitals', { origin: 'HTTPS://BANK.EXAMPLE' }],
      ['another domain', { rpId: 'evil.example' }],
      ['a registration in place of a confirmation', { type: 'webauthn.create' }],
      ['a page inside another', { crossOrigin: true }],
      ['a page inside another that says which', { crossOrigin: true, topOrigin: 'https://evil.example' }],
      ['a page on top that should not be there', { topOrigin: 'https://bank.example' }],
      ['the user handle of somebody else', { userHandle: Buffer.from('grace').toString('base64url') }],
      ['a challenge that nobody made', { challenge: randomBytes(48).toString('base64url') }, 'challenge_expired'],
      ['a challenge that is too short', { challenge: 'AAAA' }, 'challenge_expired'],
      ['a challenge that is no base64url', { challenge: '../../x' }, 'challenge_expired'],
      ['a credential that nobody knows', { credentialId: randomBytes(24).toString('base64url') }, 'passkey_unknown'],
      ['the signature of another key', { signWith: new SoftwareAuthenticator().privateKey }],
    ];
    test.each(wrong)('%s', async (_what, parts, reason = 'passkey_refused') => {
      const { confirm, person } = await world();
      await refused(confirm(parts), 403, reason);
      await person.visit('/vault').expect(303);
    });

    test('a challenge with the right name and another value', async () => {
      const { answer, challenge, send } = await world();
      const bytes = Buffer.from(await challenge(), 'base64url');
      bytes[40] = (bytes[40] as number) ^ 1;
      await refused(send({ response: await answer({ challenge: bytes.toString('base64url') }) }), 403, 'passkey_refused');
    });

    test('the same answer again', async () => {
      const { answer, send } = await world();
      const response = await answer();
      await send({ response }).expect(200);
      await refused(send({ response }), 403, 'challenge_expired');
    });

    test('a second answer to a challenge whose first was bad', async () => {
      const { answer, challenge, send } = await world();
      const once = await challenge();
      await refused(send({ response: await answer({ challenge: once, flags: 0x01 }) }), 403, 'passkey_refused');
      await refused(send({ response: await answer({ challenge: once }) }), 403, 'challenge_expired');
    });

    test('all but one of the same answer at the same time', async () => {
      const { answer, send } = await world();
      const response = await answer();
      const answers = await Promise.all(Array.from({ length: 12 }, () => send({ response })));
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    });

    test('a challenge of another session of the same person', async () => {
      const { site, challenge, authenticator } = await world();
      // Sessions are told apart by when they began.
      site.clock.advance(10);
      const another = browser(site.app).agent;
      await another.post('/login').expect(303);
      const response = authenticator.answer({ challenge: await challenge(), origin: ORIGIN, rpId: RP_ID });
      await refused(another.post('/reauthenticate/passkey').send({ response }), 403, 'challenge_expired');
    });

    test('a challenge of another person, and the passkey of another', async () => {
      const { site, answer, agent } = await world();
      const eve = new SoftwareAuthenticator();
      site.passkeys.add({ id: 'eve', kind: 'user' }, eve.passkey());
      const other = browser(site.app).agent;
      await other.post('/login?id=eve').expect(303);
      await refused(other.post('/reauthenticate/passkey').send({ response: await answer() }), 403, 'challenge_expired');
      const { body } = await agent.post('/reauthenticate/passkey/options').expect(200);
      const response = eve.answer({ challenge: body.challenge, origin: ORIGIN, rpId: RP_ID });
      await refused(agent.post('/reauthenticate/passkey').send({ response }), 403, 'passkey_unknown');
    });

    test('a challenge that is older than five minutes', async () => {
      const { site, answer, send } = await world();
      const [late, inTime] = [await answer(), await answer()];
      site.clock.advance(299_999);
      await send({ response: inTime }).expect(200);
      site.clock.advance(1);
      await refused(send({ response: late }), 403, 'challenge_expired');
    });

    test.each([
      ['that stays', 7, 7],
      ['that goes back', 7, 6],
      ['that is not there any more', 7, 0],
    ])('a counter %s', async (_what, from, counter) => {
      const { confirm, site } = await world({}, from);
      await refused(confirm({ counter }), 403, 'passkey_refused');
      expect(await site.passkeys.list(ADA)).toMatchObject([{ counter: from }]);
    });

    test('the second of two answers with the same counter, at the same time', async () => {
      const { answer, send } = await world({}, 7);
      const both = [await answer({ counter: 8 }), await answer({ counter: 8 })];
      const answers = await Promise.all(both.map((response) => send({ response })));
      expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 403]);
    });

    test('a passkey that the application keeps without its user handle, if one is named', async () => {
      const authenticator = new SoftwareAuthenticator();
      const kept = { ...authenticator.passkey(), userHandle: undefined as unknown as string };
      const store: PasskeyStore = { list: async () => [kept], useCounter: async () => true };
      const { agent } = browser(confirmationSite(express, { passkey: { store } }).app);
      await agent.post('/login').expect(303);
      const { body } = await agent.post('/reauthenticate/passkey/options').expect(200);
      const response = authenticator.answer({ challenge: body.challenge, origin: ORIGIN, rpId: RP_ID });
      await refused(agent.post('/reauthenticate/passkey').send({ response }), 403, 'passkey_refused');
    });

    test('from another site', async () => {
      const { answer, agent } = await world();
      const response = await answer();
      await agent.post('/reauthenticate/passkey').set('Origin', 'https://evil.example').send({ response }).expect(403);
      await agent.post('/reauthenticate/passkey').send({ response }).expect(200);
    });

    test('by a level that the policy does not know, as a mistake of the application', async () => {
      const { agent } = await world({ passkey: { level: 'aal9' } });
      await refused(agent.post('/reauthenticate/passkey/options'), 500, 'level_unknown');
    });
  });

  describe('what is no answer', () => {
    const response = {
      id: 'a',
      rawId: 'a',
      type: 'public-key',
      response: { clientDataJSON: 'e30', authenticatorData: 'AA', signature: 'AA' },
    };
    const json = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const garbage: readonly (readonly [string, string])[] = [
      ['nothing', ''],
      ['no JSON', '{"response":'],
      ['an empty object', '{}'],
      ['a list', '[]'],
      ['null', 'null'],
      ['a response that is a text', JSON.stringify({ response: 'x' })],
      ['a response without its parts', JSON.stringify({ response: { id: 'a' } })],
      ['numbers for texts', JSON.stringify({ response: { ...response, id: 7 } })],
      ['another type', JSON.stringify({ response: { ...response, type: 'password' } })],
      ['client data without a challenge', JSON.stringify({ response })],
      [
        'client data that is no JSON',
        JSON.stringify({ response: { ...response, response: { ...response.response, clientDataJSON: '%%%' } } }),
      ],
      [
        'a challenge that is a list',
        JSON.stringify({ response: { ...response, response: { ...response.response, clientDataJSON: json({ challenge: ['x'] }) } } }),
      ],
      ['a prototype', '{"__proto__":{"response":{}}}'],
      ['40 KB', JSON.stringify({ response: { ...response, id: 'x'.repeat(40_000) } })],
    ];
    test.each(garbage)('%s is refused, and says nothing about it', async (_what, text) => {
      const { agent } = await world();
      const answer = await agent.post('/reauthenticate/passkey').set('Content-Type', 'application/json').send(text);
      expect([answer.status, answer.body.reason]).toEqual([400, 'confirmation_malformed']);
      expect(answer.text).not.toMatch(/Unexpected|JSON|Error|node_modules/);
    });

    test('random bytes for authenticator data and signature are refused', async () => {
      const { answer, send } = await world();
      const good = await answer();
      const bad = { ...good, response: { ...(good['response'] as object), authenticatorData: randomBytes(20).toString('base64url') } };
      await refused(send({ response: bad }), 403, 'passkey_refused');
    });
  });

  test('an application whose store fails gets no confirmation', async () => {
    const passkeys = memoryPasskeys();
    const authenticator = new SoftwareAuthenticator();
    passkeys.add(ADA, authenticator.passkey());
    const store: PasskeyStore = { ...passkeys, useCounter: () => Promise.reject(new Error('database password=hunter2')) };
    const site = confirmationSite(express, { passkey: { store } });
    const { agent, visit } = browser(site.app);
    await agent.post('/login').expect(303);
    const { body } = await agent.post('/reauthenticate/passkey/options').expect(200);
    const response = authenticator.answer({ challenge: body.challenge, origin: ORIGIN, rpId: RP_ID });
    const answer = await agent.post('/reauthenticate/passkey').send({ response }).expect(500);
    expect(answer.text).not.toContain('hunter2');
    await visit('/vault').expect(303);
  });
});

describe('options of passkey', () => {
  const good = { origin: ORIGIN, store: memoryPasskeys(), level: 'aal2' };
  test.each([
    [{ ...good, origin: undefined }, /needs the origin/],
    [{ ...good, origin: [] }, /needs the origin/],
    [{ ...good, origin: 'bank.example' }, /takes origins like/],
    [{ ...good, origin: 'https://bank.example/' }, /takes origins like/],
    [{ ...good, origin: 'http://bank.example' }, /takes origins like/],
    [{ ...good, origin: 'https://*.bank.example' }, /takes origins like/],
    [{ ...good, origin: 'https://192.0.2.1' }, /needs a domain/],
    [{ ...good, rpId: 'evil.example' }, /not within the domain/],
    [{ ...good, rpId: 'ank.example' }, /not within the domain/],
    [{ ...good, origin: [ORIGIN, 'https://evil.example'] }, /https:\/\/evil\.example/],
    [{ ...good, store: {} }, /list and useCounter/],
    [{ ...good, level: undefined }, /assurance level/],
    [{ ...good, amr: [] }, /RFC 8176/],
    [{ ...good, amr: 'hwk' }, /RFC 8176/],
    [{ ...good, title: ' ' }, /title/],
    [{ ...good, origins: ORIGIN }, /did you mean "origin"/],
    [undefined, /needs options/],
  ])('%# that cannot be are refused at once', (options, message) => {
    expect(() => passkey(options as never)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTIONS_INVALID', message: expect.stringMatching(message) }),
    );
  });

  test.each([
    [{ ...good, rpId: 'bank.example', origin: [ORIGIN, 'https://www.bank.example'] }],
    [{ ...good, origin: 'http://localhost:3000' }],
    [{ ...good, origin: 'https://bank.example:8443', amr: ['hwk', 'user'] }],
  ])('%# that can be are taken', (options) => {
    expect(typeof passkey(options)).toBe('function');
  });
});

async function personWithPasskey(express: (typeof expressVersions)[0][1], options: SiteOptions, counter = 0) {
  const site = confirmationSite(express, options);
  const authenticator = new SoftwareAuthenticator();
  site.passkeys.add(ADA, authenticator.passkey(counter));
  const person = browser(site.app);
  const { agent } = person;
  await agent.post('/login').expect(303);
  const challenge = async (): Promise<string> => (await agent.post('/reauthenticate/passkey/options').expect(200)).body.challenge;
  const answer = async (parts: Partial<AnswerParts> = {}) =>
    authenticator.answer({ challenge: parts.challenge ?? (await challenge()), origin: ORIGIN, rpId: RP_ID, ...parts });
  const send = (body: object, hand = '') => agent.post(`/reauthenticate/passkey?${hand}`).send(body);
  /** From the options to the answer; to be expected of, like any request. */
  const confirm = (parts: Partial<AnswerParts>, hand = '') => new Confirmation(async () => send({ response: await answer(parts) }, hand));
  return { site, authenticator, person, agent, challenge, answer, send, confirm };
}

/** A confirmation in two requests that is expected of as one. */
class Confirmation implements PromiseLike<request.Response> {
  readonly #work: () => Promise<request.Response>;

  constructor(work: () => Promise<request.Response>) {
    this.#work = work;
  }

  async expect(status: number, body?: unknown): Promise<request.Response> {
    const answer = await this.#work();
    expect([answer.status, body === undefined ? undefined : answer.body]).toEqual([status, body]);
    return answer;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it stands for a request
  then<T, U>(
    done?: ((answer: request.Response) => T | PromiseLike<T>) | null,
    failed?: ((error: unknown) => U | PromiseLike<U>) | null,
  ): PromiseLike<T | U> {
    return this.#work().then(done, failed);
  }
}

function handOf(location: string): string {
  expect(location).toMatch(/^\/reauthenticate\?return_to=[A-Za-z0-9_-]+$/);
  return location.slice(location.indexOf('?') + 1);
}

async function refused(answer: PromiseLike<request.Response>, status: number, reason: string): Promise<void> {
  const { body, headers, status: given } = await answer;
  expect([given, body.reason, headers['content-type']]).toEqual([status, reason, 'application/problem+json; charset=utf-8']);
}
