import { describe, expect, test } from '@jest/globals';
import { definePolicy } from '../../lib/index.ts';
import { manualClock } from '../../lib/testing/manual-clock.ts';
import { FailingStore } from '../faults/failing-store.ts';
import { expressVersions } from '../support/express.ts';
import { worldsOf } from './dbsc-world.ts';
import { challengeOf, SoftwareBrowser } from './software-browser.ts';

const BOUND = '__Host-vault.bound';
const SESSION = '__Host-vault.session';

describe.each(expressVersions)('a demand for the key of a browser on %s', (_name, express) => {
  const { world, boundWorld } = worldsOf(express);

  describe('a session cookie alone', () => {
    test('opens nothing that is for bound devices', async () => {
      const { app, browser } = await boundWorld();
      const thief = new SoftwareBrowser(app);
      thief.cookies.set(SESSION, browser.cookies.get(SESSION) as string);
      const answer = await thief.get('/files');
      expect([answer.status, answer.body.reason]).toEqual([403, 'device_trust_insufficient']);
      expect(answer.headers['secure-session-registration']).toBeUndefined();
      expect((await thief.get('/device/dbsc/check')).status).toBe(403);
    });

    test('opens nothing with the proof of another session, another app, or a forged one', async () => {
      const { app, browser } = await boundWorld();
      const other = await new SoftwareBrowser(app).boundFromSignIn('bob');
      const thief = new SoftwareBrowser(app);
      thief.cookies.set(SESSION, browser.cookies.get(SESSION) as string);
      const proof = browser.cookies.get(BOUND) as string;
      for (const planted of [other.cookies.get(BOUND) as string, `${proof}x`, proof.slice(0, -1), '', 'x', `${proof}; ${BOUND}=other`]) {
        thief.cookies.set(BOUND, planted);
        expect((await thief.get('/files')).status).toBe(403);
      }
      thief.cookies.set(BOUND, proof);
      expect((await thief.get('/files')).status).toBe(200);
    });

    test('opens nothing with the proof for another app, be it of the same key', async () => {
      const { app, browser } = await boundWorld();
      const desk = new SoftwareBrowser(app, '/desk');
      desk.key = browser.key;
      await desk.boundFromSignIn();
      browser.cookies.set(BOUND, desk.cookies.get('__Host-desk.bound') as string);
      expect((await browser.get('/files')).status).toBe(403);
    });
  });

  describe('the proof', () => {
    test('counts for ten minutes of the store, whatever the browser keeps', async () => {
      const { browser, clock } = await boundWorld();
      clock.advance(599_999);
      expect((await browser.get('/files')).status).toBe(200);
      clock.advance(1);
      expect((await browser.get('/files')).body.reason).toBe('device_trust_insufficient');
      expect((await browser.refresh()).status).toBe(200);
      expect((await browser.get('/files')).status).toBe(200);
    });

    test('counts for as long as the policy of this moment says', async () => {
      const { browser, clock, sessions } = await boundWorld();
      clock.advance('5m');
      sessions.reload(
        definePolicy({
          version: 1,
          profiles: { vault: { preset: 'staff-web', device: { trust: 'bound' }, dbsc: { proofLifetime: '5m' }, absolute: '8h' } },
          apps: { vault: { profile: 'vault', match: { paths: ['/vault'] }, loginUrl: '/vault/login' } },
        }),
      );
      expect((await browser.get('/files')).status).toBe(403);
    });

    test('that is older than a route asks is taken from the browser, which then makes another', async () => {
      const { browser, clock } = await boundWorld();
      expect((await browser.get('/lately')).status).toBe(200);
      clock.advance('61s');
      const answer = await browser.get('/lately');
      expect(answer.status).toBe(403);
      expect(browser.cookies.has(BOUND)).toBe(false);
      await browser.refresh();
      expect((await browser.get('/lately')).status).toBe(200);
    });

    test('stays when who is signed in confirms who they are', async () => {
      const { browser } = await boundWorld();
      expect((await browser.post('/confirm')).status).toBe(200);
      expect((await browser.get('/files')).status).toBe(200);
      expect((await browser.refresh()).status).toBe(200);
      expect((await browser.get('/files')).status).toBe(200);
    });
  });

  describe('a demand', () => {
    test('asks a session without a key for one, later than a registration from the sign-in can be under way', async () => {
      const { browser, clock } = world();
      await browser.signIn();
      expect((await browser.get('/files')).headers['secure-session-registration']).toBeUndefined();
      clock.advance('3s');
      const answer = await browser.get('/files');
      browser.challenge = challengeOf(answer) as string;
      expect((await browser.register()).status).toBe(200);
    });

    test('asks for a key where a route asks for a bound device, and not where more is asked than a key can prove', async () => {
      const shop = new SoftwareBrowser(world().app, '/shop');
      await shop.signIn();
      expect((await shop.get('/attested')).headers['secure-session-registration']).toBeUndefined();
      expect((await shop.get('/bound')).headers['secure-session-registration']).toMatch(/path="\/shop\/device\/dbsc\/register"/);
    });

    test('on a page is met by the page in its place', async () => {
      const { browser } = await boundWorld();
      browser.cookies.delete(BOUND);
      const answer = await browser.visit('/files?a=%22b');
      expect([answer.status, answer.headers['cache-control']]).toEqual([403, 'no-store']);
      expect(answer.text).toContain('<script type="module" src="/vault/device/dbsc/page.js">');
      expect(answer.text).toContain('data-check="/vault/device/dbsc/check"');
      expect(answer.text).toContain('href="/vault/files?a=%22b"');
    });

    test('on a form says that nothing was done', async () => {
      const { browser } = await boundWorld();
      browser.cookies.delete(BOUND);
      const answer = await browser.submit('/bound');
      expect(answer.status).toBe(403);
      expect(answer.text).toContain('nothing was done');
      expect(answer.text).toContain('data-after="stay"');
    });

    test('that no proof would meet is refused at once, without a page that tries', async () => {
      const { browser } = await boundWorld();
      const answer = await browser.visit('/attested');
      expect(answer.status).toBe(403);
      expect(answer.text).not.toContain('<script');
      expect(browser.cookies.has(BOUND)).toBe(true);
    });

    test('after a proof that was skipped says so to operations, in words of ours', async () => {
      const { browser, logged } = await boundWorld();
      browser.cookies.delete(BOUND);
      const skip = (why: string) => browser.visit('/files', { 'Secure-Session-Skipped': why });
      expect((await skip(`quota_exceeded;session_identifier="${browser.identifier}"`)).text).toContain('try again in ten minutes');
      const entry = logged.find(({ code }) => code === 'device_proof_skipped');
      expect(entry).toEqual({ code: 'device_proof_skipped', app: 'vault', message: expect.stringMatching(/refused: quota_exceeded$/) });
      const other = await boundWorld();
      other.browser.cookies.delete(BOUND);
      await other.browser.visit('/files', { 'Secure-Session-Skipped': '<script>secret</script>' });
      expect(other.logged.at(-1)?.message).toMatch(/: other$/);
    });

    test('while the store is out is a 503', async () => {
      const clock = manualClock();
      const store = new FailingStore({ clock: clock.now });
      const { browser } = await boundWorld({ store, clock });
      browser.cookies.delete(BOUND);
      store.failEverything();
      expect((await browser.visit('/files', { 'Secure-Session-Skipped': 'server_error' })).status).toBe(503);
      expect((await browser.get('/device/dbsc/check')).status).toBe(503);
      expect((await browser.register('a.b.c')).status).toBe(403);
    });
  });

  describe('the check', () => {
    test('says whether the browser has proved its key, and takes a proof that is none', async () => {
      const { browser, clock } = await boundWorld();
      expect((await browser.get('/device/dbsc/check')).status).toBe(204);
      clock.advance('10m');
      const answer = await browser.get('/device/dbsc/check');
      expect([answer.status, answer.body.reason]).toEqual([403, 'device_trust_insufficient']);
      expect(browser.cookies.has(BOUND)).toBe(false);
    });

    test('of nobody is a 401', async () => {
      const { browser } = world();
      expect((await browser.get('/device/dbsc/check')).status).toBe(401);
    });
  });
});
