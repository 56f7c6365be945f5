import { describe, expect, test } from '@jest/globals';
import { definePolicy } from '../../lib/index.ts';
import { expressVersions } from '../support/express.ts';
import { worldsOf, type WorldOptions } from './dbsc-world.ts';
import { browserKey, challengeOf, cookieLine, registrationProof, SoftwareBrowser } from './software-browser.ts';

const BOUND = '__Host-vault.bound';
const SESSION = '__Host-vault.session';

describe.each(expressVersions)('the key of a browser on %s', (_name, express) => {
  const { world, boundWorld } = worldsOf(express);

  describe('a sign-in', () => {
    test('asks the browser for a key, bound to the session and to nothing else', async () => {
      const { browser } = world();
      const answer = await browser.signIn();
      expect(answer.headers['secure-session-registration']).toMatch(
        /^\(ES256 RS256\);path="\/vault\/device\/dbsc\/register";challenge="[A-Za-z0-9_-]+"$/,
      );
    });

    test('asks for none over http, which no browser would give', async () => {
      const { browser } = world();
      const answer = await browser.post('/login', { 'X-Forwarded-Proto': 'http' });
      expect(answer.status).toBe(303);
      expect(answer.headers['secure-session-registration']).toBeUndefined();
    });

    test('asks for none where nothing asks for a bound device, nor where the policy wants none', async () => {
      const shop = new SoftwareBrowser(world().app, '/shop');
      expect((await shop.signIn()).headers['secure-session-registration']).toBeUndefined();
      const policy = definePolicy({
        version: 1,
        profiles: { p: { preset: 'staff-web', dbsc: false } },
        apps: { vault: { profile: 'p', loginUrl: '/vault/login' } },
      });
      expect((await world({ policy }).browser.signIn()).headers['secure-session-registration']).toBeUndefined();
    });
  });

  describe('a registration', () => {
    test.each(['ES256', 'RS256'] as const)(
      'with a key for %s binds the session, and the cookie for it opens what is for bound devices',
      async (algorithm) => {
        const { browser } = world();
        browser.key = await browserKey(algorithm);
        await browser.signIn();
        expect((await browser.get('/files')).status).toBe(403);
        const answer = await browser.register();
        expect(answer.status).toBe(200);
        expect((await browser.get('/files')).status).toBe(200);
        expect((await browser.get('/device-now')).body).toMatchObject({ trust: 'bound', boundBy: 'dbsc' });
      },
    );

    test('tells the browser what to hold back for, and the attributes that the cookie has', async () => {
      const { browser } = world();
      await browser.signIn();
      const answer = await browser.register();
      expect(answer.body).toEqual({
        session_identifier: expect.stringMatching(/^[A-Za-z0-9_-]{100,}$/),
        refresh_url: '/vault/device/dbsc/refresh',
        scope: {
          include_site: false,
          scope_specification: [
            { type: 'exclude', domain: '*', path: '/' },
            { type: 'include', domain: '*', path: '/vault' },
            { type: 'exclude', domain: '*', path: '/vault/device/dbsc/register' },
            { type: 'exclude', domain: '*', path: '/vault/device/dbsc/page.js' },
          ],
        },
        credentials: [{ type: 'cookie', name: BOUND, attributes: 'Path=/; Secure; HttpOnly; SameSite=Lax' }],
      });
      expect(cookieLine(answer, BOUND)).toMatch(/; Max-Age=600; Path=\/; Secure; HttpOnly; SameSite=Lax$/);
      expect(answer.headers['secure-session-challenge']).toBe(`"${challengeOf(answer)}";id="${answer.body.session_identifier}"`);
      expect(answer.headers['cache-control']).toBe('no-store');
    });

    test('may be quoted, and may have parameters', async () => {
      const { browser } = world();
      await browser.signIn();
      browser.key = await browserKey();
      const jwt = await registrationProof(browser.key, browser.challenge);
      expect((await browser.register(`"${jwt}";p=1`)).status).toBe(200);
    });

    test('is no activity', async () => {
      const { browser, clock } = world();
      await browser.signIn();
      clock.advance('4m');
      expect((await browser.register()).status).toBe(200);
      clock.advance('11m');
      expect((await browser.get('/files')).body.reason).toBe('idle_timeout');
    });

    describe('binds nothing', () => {
      const fresh = async (options?: WorldOptions) => {
        const made = world(options);
        await made.browser.signIn();
        const key = await browserKey();
        made.browser.key = key;
        return {
          ...made,
          key,
          sign: (how?: Parameters<typeof registrationProof>[2]) => registrationProof(key, made.browser.challenge, how),
        };
      };
      const refused = async ({ browser }: { browser: SoftwareBrowser }, proof: string | undefined) => {
        const headers: Record<string, string> = proof === undefined ? {} : { 'Secure-Session-Response': proof };
        const answer = await browser.post('/device/dbsc/register', headers);
        expect(answer.status).toBe(403);
        expect(answer.headers['set-cookie']).toBeUndefined();
        expect((await browser.get('/device-now')).body.reason).toBe('device_trust_insufficient');
      };

      test('without a proof', async () => refused(await fresh(), undefined));
      test('unsigned (alg: none)', async () => {
        const made = await fresh();
        const [header, payload] = [{ alg: 'none', typ: 'dbsc+jwt', jwk: made.key.jwk }, { jti: made.browser.challenge }].map((part) =>
          Buffer.from(JSON.stringify(part)).toString('base64url'),
        );
        await refused(made, `${header}.${payload}.`);
      });
      test('of another type', async () => {
        const made = await fresh();
        await refused(made, await made.sign({ header: { typ: 'dpop+jwt' } }));
      });
      test('for another challenge', async () => {
        const made = await fresh();
        await refused(made, await made.sign({ payload: { jti: 'another' } }));
      });
      test('for a challenge of another session', async () => {
        const made = await fresh();
        const other = new SoftwareBrowser(made.app);
        await other.signIn('bob');
        await refused(made, await registrationProof(made.key, other.challenge));
        const again = new SoftwareBrowser(made.app);
        await again.signIn('ada');
        await refused(made, await registrationProof(made.key, again.challenge));
      });
      test('for a challenge of a refresh', async () => {
        const made = await fresh();
        const other = await new SoftwareBrowser(made.app).boundFromSignIn();
        await refused(made, await registrationProof(made.key, other.challenge));
      });
      test('signed by another key than it names', async () => {
        const made = await fresh();
        const named = await browserKey();
        await refused(made, await made.sign({ header: { jwk: named.jwk } }));
      });
      test('with a private key in it', async () => {
        const made = await fresh();
        await refused(made, await made.sign({ header: { jwk: { ...made.key.jwk, d: made.key.jwk.x } } }));
      });
      test('with a payload that is none', async () => {
        const made = await fresh();
        for (const payload of ['null', '[]', '{', { jti: 7 }, {}]) await refused(made, await made.sign({ payload }));
      });
      test('with a header that is none', async () => {
        const made = await fresh();
        const jwt = await made.sign();
        for (const header of [`${jwt}, ${jwt}`, `"${jwt}`, `${jwt} x`, `:${jwt}:`, 'x'.repeat(9_000)]) await refused(made, header);
      });
      test('after five minutes', async () => {
        const made = await fresh();
        made.clock.advance('5m');
        await refused(made, await made.sign());
      });
      test('over http', async () => {
        const made = await fresh();
        const answer = await made.browser.post('/device/dbsc/register', {
          'Secure-Session-Response': await made.sign(),
          'X-Forwarded-Proto': 'http',
          Cookie: `vault.session=${made.browser.cookies.get(SESSION)}`,
        });
        expect(answer.status).toBe(403);
      });
      test('after the session has ended', async () => {
        const made = await fresh();
        await made.sessions.revoke({ subject: 'ada' });
        const answer = await made.browser.post('/device/dbsc/register', { 'Secure-Session-Response': await made.sign() });
        expect(answer.status).toBe(403);
      });
      test('by another method', async () => {
        const made = await fresh();
        const answer = await made.browser.get('/device/dbsc/register', { 'Secure-Session-Response': await made.sign() });
        expect([answer.status, answer.headers['allow']]).toEqual([405, 'POST']);
      });
    });

    test('never replaces a key', async () => {
      const { browser, clock } = world();
      await browser.signIn();
      clock.advance('3s');
      const unused = challengeOf(await browser.get('/files')) as string;
      await browser.register();
      const { key } = (await browser.get('/device-now')).body;
      const thief = await browserKey();
      await browser.post('/confirm');
      const offers = await Promise.all(['/files', '/bound'].map((path) => browser.visit(path)));
      expect(offers.map((offer) => offer.headers['secure-session-registration'])).toEqual([undefined, undefined]);
      expect((await browser.register(await registrationProof(thief, unused))).status).toBe(403);
      expect((await browser.get('/device-now')).body.key).toBe(key);
    });

    test('of two that are under way, one counts', async () => {
      const { browser, clock } = world();
      await browser.signIn();
      clock.advance('3s');
      const second = challengeOf(await browser.visit('/files')) as string;
      const keys = [await browserKey(), await browserKey()] as const;
      const answers = await Promise.all([
        browser.register(await registrationProof(keys[0], browser.challenge)),
        browser.register(await registrationProof(keys[1], second)),
      ]);
      expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 403]);
    });

    test('counts once: a copy of it gets no cookie', async () => {
      const { browser } = world();
      await browser.signIn();
      browser.key = await browserKey();
      const proof = await registrationProof(browser.key, browser.challenge);
      expect((await browser.register(proof)).status).toBe(200);
      const answer = await browser.register(proof);
      expect(answer.status).toBe(403);
      expect(answer.headers['set-cookie']).toBeUndefined();
    });

    test('with a key that another person has is refused', async () => {
      const { app, browser } = await boundWorld();
      const other = new SoftwareBrowser(app);
      other.key = browser.key;
      await other.signIn('bob');
      expect((await other.register()).status).toBe(403);
    });
  });
});
