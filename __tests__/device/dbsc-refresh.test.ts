import { describe, expect, test } from '@jest/globals';
import { manualClock } from '../../lib/testing/manual-clock.ts';
import { FailingStore } from '../faults/failing-store.ts';
import { expressVersions } from '../support/express.ts';
import { worldsOf } from './dbsc-world.ts';
import { type BrowserKey, browserKey, challengeOf, cookieLine, refreshProof, SoftwareBrowser } from './software-browser.ts';

const BOUND = '__Host-vault.bound';

describe.each(expressVersions)('a key that is proved again on %s', (_name, express) => {
  const { boundWorld } = worldsOf(express);

  describe('a refresh', () => {
    test('takes one request, by identifier and proof alone, and no activity comes of it', async () => {
      const { browser, clock } = await boundWorld();
      const cookies = [...browser.cookies];
      clock.advance('14m');
      browser.cookies.clear();
      const answer = await browser.refresh();
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({ session_identifier: browser.identifier, refresh_url: '/vault/device/dbsc/refresh' });
      expect(cookieLine(answer, BOUND)).toMatch(/; Max-Age=600; Path=\/; Secure; HttpOnly; SameSite=Lax$/);
      browser.cookies.set(...(cookies[0] as [string, string]));
      clock.advance('2m');
      expect((await browser.get('/files')).body.reason).toBe('idle_timeout');
    });

    test('without a proof is asked for one', async () => {
      const { browser } = await boundWorld();
      const before = browser.challenge;
      const answer = await browser.askRefresh();
      expect(answer.status).toBe(403);
      expect(answer.headers['secure-session-challenge']).toBe(`"${browser.challenge}";id="${browser.identifier}"`);
      expect(browser.challenge).not.toBe(before);
      expect((await browser.refresh()).status).toBe(200);
    });

    test('may quote its identifier and its proof', async () => {
      const { browser } = await boundWorld();
      const proof = await refreshProof(browser.key as BrowserKey, browser.challenge);
      const answer = await browser.refresh({ proof: `"${proof}"`, headers: { 'Sec-Secure-Session-Id': `"${browser.identifier}"` } });
      expect(answer.status).toBe(200);
    });

    test('that is wrong gets another challenge and nothing else, and leaves the session as it is', async () => {
      const { app, browser } = await boundWorld();
      const key = browser.key as NonNullable<typeof browser.key>;
      const other = await new SoftwareBrowser(app).boundFromSignIn();
      const sign = (how: Parameters<typeof refreshProof>[2]) => refreshProof(key, browser.challenge, how);
      const wrong = [
        await sign({ header: { typ: 'JWT' } }),
        await sign({ payload: { jti: 'another' } }),
        await refreshProof(key, other.challenge),
        await refreshProof(other.key as BrowserKey, browser.challenge),
        await refreshProof(other.key as BrowserKey, browser.challenge, { header: { jwk: other.key?.jwk } }),
        await refreshProof(await browserKey('RS256'), browser.challenge),
        'x',
        'a.b.c',
      ];
      for (const proof of wrong) {
        const answer = await browser.refresh({ proof });
        expect([answer.status, answer.headers['set-cookie']]).toEqual([403, undefined]);
        expect(challengeOf(answer)).toBeDefined();
      }
      expect((await browser.refresh()).status).toBe(200);
    });

    test('with a proof that was used before gets no second cookie', async () => {
      const { browser } = await boundWorld();
      const proof = await refreshProof(browser.key as BrowserKey, browser.challenge);
      expect((await browser.refresh({ proof })).status).toBe(200);
      const again = await browser.refresh({ proof });
      expect([again.status, again.headers['set-cookie']]).toEqual([403, undefined]);
    });

    test('of twenty at once with one proof, one counts; with twenty challenges all do', async () => {
      const { browser } = await boundWorld();
      const proof = await refreshProof(browser.key as BrowserKey, browser.challenge);
      const same = await Promise.all(Array.from({ length: 20 }, () => browser.refresh({ proof })));
      expect(same.filter(({ status }) => status === 200)).toHaveLength(1);
      const asked = await Promise.all(Array.from({ length: 20 }, () => browser.askRefresh()));
      const proofs = await Promise.all(asked.map((answer) => refreshProof(browser.key as BrowserKey, challengeOf(answer) as string)));
      const different = await Promise.all(proofs.map((one) => browser.refresh({ proof: one })));
      expect(different.map(({ status }) => status)).toEqual(Array(20).fill(200));
    });

    test('with a challenge outlives the proof by five minutes', async () => {
      const { browser, clock } = await boundWorld();
      clock.advance('14m');
      expect((await browser.refresh()).status).toBe(200);
      await browser.get('/files');
      clock.advance('14m');
      await browser.get('/login');
      clock.advance('61s');
      expect((await browser.refresh()).status).not.toBe(200);
    });

    test('is over for the browser when the session is: signed out, revoked, idle too long, or nobody knows the identifier', async () => {
      const over = { status: 200, body: expect.objectContaining({ continue: false }) };
      const out = await boundWorld();
      await out.browser.post('/logout');
      expect(out.browser.cookies.has(BOUND)).toBe(false);
      expect(await out.browser.refresh()).toMatchObject(over);
      const revoked = await boundWorld();
      await revoked.sessions.revoke({ subject: 'ada' });
      const answer = await revoked.browser.refresh();
      expect(answer).toMatchObject({ status: 200, body: { session_identifier: revoked.browser.identifier, continue: false } });
      expect(answer.headers['set-cookie']).toBeUndefined();
      const idle = await boundWorld();
      idle.clock.advance('15m');
      expect(await idle.browser.askRefresh()).toMatchObject(over);
      const unknown = await boundWorld();
      unknown.browser.identifier = 'unknown';
      expect((await unknown.browser.refresh()).body).toEqual({ session_identifier: 'unknown', continue: false });
    });

    test('is over for the key of a session whose place another one has taken in the browser, and that one keeps its cookie', async () => {
      const { app, browser } = await boundWorld();
      const later = await new SoftwareBrowser(app).boundFromSignIn();
      for (const [name, value] of later.cookies) browser.cookies.set(name, value);
      const answer = await browser.refresh();
      expect(answer.body).toMatchObject({ continue: false });
      expect(answer.headers['set-cookie']).toBeUndefined();
      expect((await browser.get('/files')).status).toBe(200);
    });

    test('of an identifier of another app is nobody’s', async () => {
      const { app, browser } = await boundWorld();
      const shop = new SoftwareBrowser(app, '/shop');
      const answer = await shop.refresh({
        proof: await refreshProof(browser.key as BrowserKey, browser.challenge),
        headers: { 'Sec-Secure-Session-Id': browser.identifier },
      });
      expect(answer.body).toEqual({ session_identifier: browser.identifier, continue: false });
    });

    test('without an identifier comes from no browser', async () => {
      const { browser } = await boundWorld();
      expect((await browser.post('/device/dbsc/refresh')).status).toBe(400);
      expect((await browser.askRefresh({ 'Sec-Secure-Session-Id': 'a, b' })).status).toBe(400);
    });

    test('is not refused as one of another site', async () => {
      const { browser } = await boundWorld();
      const answer = await browser.refresh({ headers: { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://elsewhere.example' } });
      expect(answer.status).toBe(200);
    });

    test.each(['list', 'now', 'useOnce', 'changeDevice'] as const)(
      'while the store fails at %s is a 503, and later goes on',
      async (method) => {
        const clock = manualClock();
        const store = new FailingStore({ clock: clock.now });
        const { browser } = await boundWorld({ store, clock });
        store.fail(method);
        const answer = await browser.refresh();
        expect([answer.status, answer.headers['set-cookie']]).toEqual([503, undefined]);
        store.restore();
        if (challengeOf(await browser.refresh()) === undefined) throw new Error('the browser has no challenge to go on with');
        expect((await browser.refresh()).status).toBe(200);
      },
    );
  });
});
