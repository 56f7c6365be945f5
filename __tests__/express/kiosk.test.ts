import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import request, { type Response } from 'supertest';
import type { ProfileDocument } from '../../lib/policy/document.ts';
import { expressVersions } from '../support/express.ts';
import { kiosk, policyOf } from './kiosk-world.ts';

const PAGE = { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Site': 'same-origin' };
const LEFT_BEHIND = '"cache", "storage"';

/** What passport and others leave on the request. */
const byLibrary = { more: { subject: (req: unknown) => (req as { user?: { id: string; kind: 'user' } }).user } };

function cookieLine(answer: Response): string {
  const lines = answer.headers['set-cookie'] as unknown as readonly string[];
  expect(lines).toHaveLength(1);
  return lines[0] as string;
}

const cookieOf = (answer: Response): string => cookieLine(answer).split(';')[0] as string;

const TAKEN = /=; Path=\/; Expires=Thu, 01 Jan 1970/;
const isTakenAway = (answer: Response): boolean => TAKEN.test(cookieLine(answer));

describe.each(expressVersions)('a shared workstation on %s', (_name, express) => {
  async function signedIn(at = '/ward', world = kiosk(express)) {
    const agent = request.agent(world.app);
    const cookie = cookieOf(await agent.post(`${at}/login?who=ann`).expect(200));
    await agent.post(`${at}/note`).expect(200);
    return { ...world, agent, cookie };
  }

  const alone = (profile: ProfileDocument, more = {}) => signedIn('', kiosk(express, { policy: policyOf(profile, more), at: [''] }));

  describe('keeps no cookie for longer than the browser runs', () => {
    test('whatever date a handler gives it', async () => {
      const { agent, app } = await signedIn();
      for (const answer of [await agent.post('/ward/longer'), await request(app).post('/ward/visitor?long')]) {
        expect(answer.status).toBe(200);
        expect(cookieLine(answer)).not.toMatch(/expires|max-age/i);
      }
    });

    test('where a person has a desk of their own, it gets that date', async () => {
      const { agent } = await signedIn('/desk');
      expect(cookieLine(await agent.post('/desk/longer').expect(200))).toMatch(/Expires=/);
    });

    test('a remembered sign-in is refused, and who is signed in stays so', async () => {
      const { agent, app } = await signedIn();
      const refused = await agent.post('/ward/login?who=bob&how=remembered').expect(403);
      expect(refused.body).toEqual({ code: 'ERR_REMEMBERED_REFUSED' });
      expect(refused.headers['set-cookie']).toBeUndefined();
      expect((await agent.get('/ward').expect(200)).body).toEqual({ who: 'ann', notes: ['of ann'] });
      await request(app).post('/desk/login?who=bob&how=remembered').expect(200);
    });
  });

  describe('signing out', () => {
    test('ends the session, takes the cookie, and clears what pages kept', async () => {
      const { agent, app, cookie } = await signedIn();
      const left = await agent.post('/ward/logout').expect(200);
      expect(left.headers).toMatchObject({
        'clear-site-data': LEFT_BEHIND,
        'cache-control': 'no-store',
        'cross-origin-opener-policy': 'unsafe-none',
      });
      expect(isTakenAway(left)).toBe(true);
      expect((await request(app).get('/ward').set('Cookie', cookie).expect(401)).body.reason).toBe('signed_out');
    });

    test('clears every cookie where no other app is on the host', async () => {
      const { agent } = await alone({ preset: 'kiosk' });
      expect((await agent.post('/logout').expect(200)).headers['clear-site-data']).toBe('"cache", "cookies", "storage"');
    });

    test('by a form takes cookies by name, and changes its own before: else the page before stays behind the back button', async () => {
      const { app, cookie } = await alone({ preset: 'kiosk' });
      const sent = [cookie, 'theme=dark', 'a=1; a=2', ' spaced = 1', '=no-name', 'bad name=1', 'x"y=1'].join('; ');
      const left = await request(app).post('/logout').set(PAGE).set('Cookie', sent).expect(200);
      expect(left.headers['clear-site-data']).toBe(LEFT_BEHIND);
      const [changed, taken, ...others] = left.headers['set-cookie'] as unknown as readonly string[];
      expect(changed).toMatch(/^only\.session=ended; Path=\/; HttpOnly/);
      expect(taken).toMatch(TAKEN);
      expect(others).toEqual(['theme', 'a', 'spaced'].map((name) => `${name}=; Path=/; Max-Age=0`));
    });

    test('takes no cookie of another app on the host', async () => {
      const { agent, cookie } = await signedIn();
      const left = await agent.post('/ward/logout').set(PAGE).set('Cookie', `${cookie}; theme=dark`).expect(200);
      expect(left.headers['set-cookie']).toHaveLength(2);
    });

    test('by destroy() clears as much', async () => {
      const { agent } = await signedIn();
      const left = await agent.post('/ward/destroy').expect(200);
      expect(left.headers['clear-site-data']).toBe(LEFT_BEHIND);
      expect(isTakenAway(left)).toBe(true);
    });

    test.each([
      ['none', false, 'same-origin'],
      ['same-origin-allow-popups', { crossOriginOpenerPolicy: { policy: 'same-origin-allow-popups' } }, 'same-origin'],
      ['same-origin', {}, 'unsafe-none'],
    ] as const)('answers with another opener policy than that of the pages, %s', async (_own, headers, other) => {
      const { agent } = await alone({ preset: 'kiosk', headers });
      expect((await agent.post('/logout').expect(200)).headers['cross-origin-opener-policy']).toBe(other);
    });

    test('keeps the opener policy where a person has a desk of their own', async () => {
      const { agent } = await signedIn('/desk');
      expect((await agent.post('/desk/logout').expect(200)).headers['cross-origin-opener-policy']).toBe('same-origin');
    });
  });

  describe('the next person', () => {
    test('signs in over the session of the last one: it is over at once, and nothing of it is carried over', async () => {
      const { agent, app, cookie } = await signedIn();
      const next = await agent.post('/ward/login?who=bob').expect(200);
      expect(next.headers).toMatchObject({ 'clear-site-data': LEFT_BEHIND, 'cross-origin-opener-policy': 'unsafe-none' });
      expect((await agent.get('/ward').expect(200)).body).toEqual({ who: 'bob', notes: [] });
      const old = await request(app).get('/ward').set('Cookie', cookie).expect(401);
      expect(old.headers['set-cookie']).toBeUndefined();
    });

    test.each(['login', 'library'])('gets nothing of a visitor who may have been the last one, signing in by %s', async (way) => {
      const agent = request.agent(kiosk(express, byLibrary).app);
      await agent.post('/ward/visitor').expect(200);
      await agent.post(`/ward/${way}?who=bob`).expect(200);
      expect((await agent.get('/ward').expect(200)).body).toMatchObject({ who: 'bob', notes: [] });
    });

    test('signs in by a library: the browser is cleared, and what the library put there stays', async () => {
      const agent = request.agent(kiosk(express, byLibrary).app);
      await agent.post('/ward/visitor').expect(200);
      const next = await agent.post('/ward/library?who=bob').expect(200);
      expect(next.headers).toMatchObject({ 'clear-site-data': LEFT_BEHIND, 'cross-origin-opener-policy': 'unsafe-none' });
      expect((await agent.get('/ward').expect(200)).body).toMatchObject({ who: 'bob', by: 'library' });
    });

    test('takes over in one request, and keeps the new cookie', async () => {
      for (const at of ['', '/ward', '/desk']) {
        const { agent } = at === '' ? await alone({ preset: 'staff-web' }) : await signedIn(at);
        const next = await agent.post(`${at}/handover?who=bob`).expect(200);
        expect(next.headers['clear-site-data']).toBe(LEFT_BEHIND);
        expect((await agent.get(`${at}/`).expect(200)).body.who).toBe('bob');
      }
    });

    test('is not sent to the page of the last one', async () => {
      const { agent, app, clock } = await signedIn();
      await request(app).get('/ward/patients/7').set(PAGE).expect(303).expect('Location', '/ward/login');
      clock.advance('2m');
      const sent = await agent.get('/ward/patients/7').set(PAGE).expect(303);
      expect(sent.headers['location']).toBe('/ward/login');
      await request(app)
        .get('/desk/x')
        .set(PAGE)
        .expect('Location', /^\/desk\/login\?return_to=/);
    });
  });

  describe('who left without signing out', () => {
    test('is forgotten with the first answer after the session is over', async () => {
      const { agent, clock } = await signedIn();
      clock.advance('2m');
      const first = await agent.get('/ward').expect(401);
      expect(first.body.reason).toBe('idle_timeout');
      expect(first.headers['clear-site-data']).toBe(LEFT_BEHIND);
      expect(isTakenAway(first)).toBe(true);
      expect((await agent.get('/ward').expect(401)).headers['clear-site-data']).toBeUndefined();
    });

    test('on a public page too, and when the session was ended from elsewhere', async () => {
      const { agent, sessions } = await signedIn();
      await sessions.revoke({ subject: 'ann' });
      const poster = await agent.get('/ward/poster').expect(200);
      expect(poster.headers['clear-site-data']).toBe(LEFT_BEHIND);
      expect(poster.body.who).toBe('nobody');
      expect(isTakenAway(poster)).toBe(true);
    });

    test('is not forgotten for a request without their cookie, which any site can cause', async () => {
      const { app } = await signedIn();
      const answer = await request(app).get('/ward').expect(401);
      expect(answer.headers['clear-site-data']).toBeUndefined();
      expect(answer.headers['set-cookie']).toBeUndefined();
    });

    test('a request that a confirmation overtook clears nothing', async () => {
      const { agent, app, cookie, clock } = await signedIn();
      await agent.post('/ward/confirm').expect(200);
      for (const wait of ['1s', '10s'] as const) {
        clock.advance(wait);
        const late = await request(app).post('/ward/note').set('Cookie', cookie);
        expect(late.status).toBe(401);
        expect(late.headers['clear-site-data']).toBeUndefined();
        expect(late.headers['set-cookie']).toBeUndefined();
      }
    });

    test('where a person has a desk of their own, nothing is cleared', async () => {
      const { agent, clock } = await signedIn('/desk');
      clock.advance('15m');
      expect((await agent.get('/desk').expect(401)).headers['clear-site-data']).toBeUndefined();
    });
  });

  test.each(['/poster', '/logo.svg', '/login', '', '/file', '/streamed'])('%s is stored by no cache', async (path) => {
    const { agent } = await signedIn();
    expect((await agent.get(`/ward${path}`).expect(200)).headers['cache-control']).toBe('no-store');
  });

  test('where a person has a desk of their own, a file is stored as the handler says', async () => {
    const { agent } = await signedIn('/desk');
    expect((await agent.get('/desk/logo.svg').expect(200)).headers['cache-control']).toBe('public, max-age=31536000');
  });

  describe('what needs a step-up', () => {
    test('is refused with the address for a device of the own', async () => {
      const { agent } = await signedIn();
      const refused = await agent.post('/ward/transfer').expect(403);
      expect(refused.body).toMatchObject({
        reason: 'step_up_refused',
        ownDeviceUrl: 'https://my.example.com/orders?from=ward&what=<all>',
      });
    });

    test('is refused to a page with the address as text, escaped, and as no link', async () => {
      const { agent } = await signedIn();
      const { text } = await agent.post('/ward/transfer').set(PAGE).expect(403).expect('Content-Type', /html/);
      expect(text).toContain('<code>https://my.example.com/orders?from=ward&#38;what=&#60;all&#62;</code>');
      expect(text).toContain('on your own phone or computer');
      expect(text).not.toMatch(/<a |href="http/);
    });

    test('is refused without an address where none is given, and other refusals have none', async () => {
      const { agent } = await alone({ preset: 'kiosk' });
      const refused = await agent.post('/transfer').expect(403);
      expect(refused.body).not.toHaveProperty('ownDeviceUrl');
      expect((await agent.post('/transfer').set(PAGE).expect(403)).text).not.toContain('<code>');
      const ward = await request(kiosk(express).app).get('/ward').expect(401);
      expect(ward.body).not.toHaveProperty('ownDeviceUrl');
    });
  });
});

/** What somebody does at the workstation, or with a cookie that was copied there. */
const deed = fc.oneof(
  fc.record({
    path: fc.constantFrom('login?who=ann', 'login?who=bob', 'library?who=ann', 'library?who=bob', 'handover?who=ann', 'handover?who=bob'),
  }),
  fc.record({ path: fc.constantFrom('note', 'visitor', 'logout', 'destroy', 'confirm', 'longer', 'regenerate') }),
  fc.record({ path: fc.constantFrom('note', 'visitor', 'poster', 'logout'), replayed: fc.nat({ max: 20 }) }),
  fc.record({ wait: fc.constantFrom('1s' as const, '1m' as const, '3m' as const) }),
);

test('whatever is done in whatever order, no answer holds what another person kept', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(deed, { minLength: 4, maxLength: 25 }), async (deeds) => {
      const { app, clock } = kiosk(expressVersions[0]?.[1] as never, byLibrary);
      const agent = request.agent(app);
      const copied: string[] = [];
      const look = async (cookie?: string): Promise<void> => {
        const asked = cookie === undefined ? agent.get('/ward/poster') : request(app).get('/ward/poster').set('Cookie', cookie);
        const { who, notes } = (await asked.expect(200)).body as { who: string; notes: string[] };
        expect(notes.filter((one) => one !== `of ${who}`)).toEqual([]);
      };
      for (const one of deeds) {
        if ('wait' in one) clock.advance(one.wait);
        else {
          const cookie = 'replayed' in one ? copied[one.replayed % Math.max(copied.length, 1)] : undefined;
          const asked =
            cookie === undefined ? agent.post(`/ward/${one.path}`) : request(app).post(`/ward/${one.path}`).set('Cookie', cookie);
          const answer = await asked;
          expect(answer.status).toBeLessThan(500);
          const [line] = (answer.headers['set-cookie'] ?? []) as unknown as string[];
          if (line !== undefined && !line.includes('=;')) copied.push(line.split(';')[0] as string);
        }
        await look();
        await look(copied.at(-2));
      }
    }),
    { numRuns: 60 },
  );
});
