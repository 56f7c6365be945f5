import { describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { StoreUnavailableError } from '../../lib/sessions/errors.ts';
import type { SessionStore } from '../../lib/sessions/session-store.ts';
import { expressVersions } from '../support/express.ts';
import { enrolledWorkstation, linesOf, onePolicy, Workstation, workstationWorld } from './workstation-world.ts';

const PAGE = { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Site': 'same-origin' };
const HTTPS = { 'X-Forwarded-Proto': 'https' };
const DAY = 86_400_000;

/** Nobody writes before all of them have read. */
function readTogether(store: SessionStore, readers: number): () => void {
  const readNote = store.readNote.bind(store);
  let waiting: (() => void)[] = [];
  let left = readers;
  store.readNote = async function together(ref) {
    const found = await readNote(ref);
    left -= 1;
    if (left > 0) await new Promise<void>((resolve) => waiting.push(resolve));
    for (const goOn of waiting) goOn();
    waiting = [];
    return found;
  };
  return () => {
    store.readNote = readNote;
  };
}

describe.each(expressVersions)('a workstation on %s', (_name, express) => {
  const invited = async (app = 'desk') => {
    const world = workstationWorld(express);
    return { ...world, world, ...(await world.sessions.devices.inviteWorkstation({ app, label: 'Front desk 2' })) };
  };

  const ready = async (app = 'desk') => {
    const world = workstationWorld(express);
    return { ...world, world, ...(await enrolledWorkstation(world, app)) };
  };

  describe('that is not enrolled', () => {
    test('gets nowhere, the pages for signing in and the public ones included', async () => {
      const { app } = workstationWorld(express);
      const browser = new Workstation(app);
      for (const path of ['/desk', '/desk/login', '/desk/poster', '/desk/device', '/desk//device/enroll', '/ward/login']) {
        expect(await browser.get(path)).toMatchObject({ status: 403, body: { reason: 'device_not_enrolled' } });
      }
      expect(await browser.post('/desk/login')).toMatchObject({ status: 403, body: { reason: 'device_not_enrolled' } });
      expect((await browser.get('/desk', PAGE)).text).toContain('an administrator has set up');
    });

    test('is free to use what asks for none, but for the page that does', async () => {
      const { app } = workstationWorld(express);
      const browser = new Workstation(app);
      expect((await browser.get('/staff/login')).status).toBe(200);
      expect((await browser.post('/hall/login')).body).toEqual({ who: 'ann', trust: 'none' });
      expect(await browser.get('/hall/files')).toMatchObject({ status: 403, body: { reason: 'device_trust_insufficient' } });
    });

    test('has a page on which it is enrolled, that needs no script', async () => {
      const { app, path, events } = await invited();
      expect(path).toBe('/desk/device/enroll');
      const page = await new Workstation(app).get(path, PAGE);
      expect(page.status).toBe(200);
      expect(page.headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'text/html; charset=utf-8' });
      expect(page.headers['content-security-policy']).toMatch(/default-src 'none';.*form-action 'self';.*frame-ancestors 'none'/);
      expect(page.text).toContain('<form method="post" action="/desk/device/enroll">');
      expect(page.text).not.toContain('<script');
      expect(events.filter(({ type }) => type === 'decision')).toEqual([]);
    });
  });

  describe('is enrolled', () => {
    test('by the code, and sent on to sign in', async () => {
      const { workstation, answer } = await ready();
      expect(answer).toMatchObject({ status: 303, headers: { location: '/desk/login', 'cache-control': 'no-store' } });
      expect((await workstation.get('/desk/login')).text).toBe('sign in');
      expect((await workstation.post('/desk/login?who=ann')).body).toEqual({ who: 'ann', trust: 'known' });
      expect((await workstation.get('/desk')).body).toEqual({ who: 'ann', trust: 'known' });
      expect((await workstation.get('/desk/poster')).status).toBe(200);
    });

    test('with a cookie that is for this host and path, for https, for no script and for no other site, and that stays', async () => {
      const { app, path, code } = await invited();
      const [line, ...more] = linesOf(await new Workstation(app).post(path, `code=${code}`, HTTPS));
      expect(more).toEqual([]);
      expect(line).toMatch(/^__Host-desk\.device=[A-Za-z0-9_-]+; Path=\/; Max-Age=34560000; HttpOnly; Secure; SameSite=Strict$/);
    });

    test('by a code as people type it', async () => {
      const { app, path, code } = await invited();
      const typed = encodeURIComponent(` ${code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')} `);
      expect((await new Workstation(app).post(path, `code=${typed}`)).status).toBe(303);
    });

    test('for the page that asks for it, where the rest does not', async () => {
      const { workstation } = await ready('hall');
      await workstation.post('/hall/login');
      expect((await workstation.get('/hall/files')).body).toEqual({ who: 'ann', trust: 'known' });
    });

    test('anew: what it was before is forgotten', async () => {
      const { workstation, sessions, invitation, clock, world } = await ready();
      const before = workstation.copy();
      const again = await sessions.devices.inviteWorkstation({ app: 'desk', label: 'Back office' });
      expect((await workstation.get(again.path, PAGE)).text).toContain('set up already');
      expect((await workstation.post(again.path, `code=${again.code}`)).status).toBe(303);
      clock.advance('1s');
      expect((await sessions.devices.workstations('desk')).map(({ handle, label }) => [handle, label])).toEqual([
        [again.handle, 'Back office'],
      ]);
      expect((await workstation.get('/desk/login')).status).toBe(200);
      expect((await before.get('/desk/login')).status).toBe(403);
      expect(world.events.filter(({ type }) => type === 'device').map(({ device }) => device)).toContainEqual({
        action: 'forgotten',
        handle: invitation.handle,
      });
    });
  });

  describe('is not enrolled', () => {
    const refusal = async (answer: Promise<{ status: number; text: string; headers: Record<string, unknown> }>, status = 403) => {
      const { text, headers, ...rest } = await answer;
      expect(rest.status).toBe(status);
      expect(headers['set-cookie']).toBeUndefined();
      return text;
    };

    test('by a code that was used', async () => {
      const { app, invitation, sessions } = await ready();
      const text = await refusal(new Workstation(app).post(invitation.path, `code=${invitation.code}`));
      expect(text).toContain('role="alert"');
      expect(await sessions.devices.workstations('desk')).toHaveLength(1);
    });

    test('twice by a code, however many try at once', async () => {
      const { app, path, code, sessions } = await invited();
      const from = (index: number) => ({ 'X-Forwarded-For': `198.51.100.${index}` });
      const tries = Array.from({ length: 8 }, (_, index) => new Workstation(app).post(path, `code=${code}`, from(index)));
      const statuses = (await Promise.all(tries)).map(({ status }) => status);
      expect(statuses.toSorted((a, b) => a - b)).toEqual([303, ...Array.from({ length: 7 }, () => 403)]);
      expect(await sessions.devices.workstations('desk')).toHaveLength(1);
    });

    test('by a code of fifteen minutes ago', async () => {
      const { app, path, code, clock, expiresAt } = await invited();
      expect(expiresAt).toBe(clock.now() + 15 * 60_000);
      clock.advance('15m');
      await refusal(new Workstation(app).post(path, `code=${code}`));
    });

    test('by a code for another app', async () => {
      const { app, code } = await invited();
      await refusal(new Workstation(app).post('/ward/device/enroll', `code=${code}`));
    });

    test('by a code that was taken back', async () => {
      const { app, path, code, handle, sessions } = await invited();
      expect(await sessions.devices.forgetWorkstation(handle)).toBe(true);
      await refusal(new Workstation(app).post(path, `code=${code}`));
    });

    test.each(['', 'code=', 'code=0000-0000-0000-0000', 'code=a&code=b', '{"code":"x"}'])('by %j', async (body) => {
      const { app, path } = await invited();
      await refusal(new Workstation(app).post(path, body));
    });

    test('by what is too long to be read', async () => {
      const { app, path } = await invited();
      await refusal(new Workstation(app).post(path, `code=${'x'.repeat(2_000)}`), 413);
    });

    test.each([
      ['another site', { 'Sec-Fetch-Site': 'cross-site' }],
      ['another app on the site', { 'Sec-Fetch-Site': 'same-site' }],
      ['another origin', { Origin: 'https://evil.example' }],
    ])('by a form of %s: the code is still good', async (_what, headers) => {
      const { app, path, code, events } = await invited();
      await refusal(new Workstation(app).post(path, `code=${code}`, headers));
      await new Promise(setImmediate);
      expect(events).toContainEqual(expect.objectContaining({ reason: 'cross_site_request', outcome: 'deny' }));
      expect((await new Workstation(app).post(path, `code=${code}`, { 'Sec-Fetch-Site': 'same-origin' })).status).toBe(303);
    });

    test('from where a condition lets nobody in: the code is still good', async () => {
      const { app, path, code } = await invited();
      const outside = { 'X-Forwarded-For': '203.0.113.7' };
      for (const answer of [
        await new Workstation(app).get(path, outside),
        await new Workstation(app).post(path, `code=${code}`, outside),
      ]) {
        expect(answer).toMatchObject({ status: 403, body: { reason: 'condition_blocked' } });
      }
      expect((await new Workstation(app).post(path, `code=${code}`)).status).toBe(303);
    });

    test('faster than a person types: the code is still good', async () => {
      const { app, path, code, clock } = await invited();
      const wrong = (headers = {}) => new Workstation(app).post(path, 'code=0000-0000-0000-0000', headers);
      expect((await wrong()).status).toBe(403);
      expect((await wrong({ 'X-Forwarded-For': '198.51.100.1' })).status).toBe(403);
      const tooSoon = await new Workstation(app).post(path, `code=${code}`);
      expect(tooSoon).toMatchObject({ status: 429, headers: { 'retry-after': '2' } });
      clock.advance('2s');
      expect((await new Workstation(app).post(path, `code=${code}`)).status).toBe(303);
    });

    test('where people have devices of their own, or by another method', async () => {
      const { app, path } = await invited();
      const browser = new Workstation(app);
      expect((await browser.get('/staff/device/enroll')).status).toBe(404);
      expect((await browser.post('/staff/device/enroll', 'code=x')).status).toBe(404);
      expect((await request(app).put(path)).headers['allow']).toBe('GET, HEAD, POST');
    });
  });

  describe('an administrator', () => {
    test('invites only where devices are shared, and under a name that fits in a list', async () => {
      const { devices } = workstationWorld(express).sessions;
      for (const app of ['staff', 'nowhere']) await expect(devices.inviteWorkstation({ app, label: 'x' })).rejects.toThrow(TypeError);
      for (const label of ['', 'two\nlines', 'x'.repeat(65), 7 as never]) {
        await expect(devices.inviteWorkstation({ app: 'desk', label })).rejects.toThrow(/label must be/);
      }
      await expect(devices.workstations('staff')).rejects.toThrow(TypeError);
    });

    test('sees them, and forgets one: who works on it stops at once', async () => {
      const { workstation, invitation, sessions, clock } = await ready();
      await workstation.post('/desk/login');
      expect(await sessions.devices.workstations('desk')).toEqual([
        { handle: invitation.handle, app: 'desk', label: 'Front desk 2', enrolledAt: clock.now() - 2_000, renewedAt: clock.now() - 2_000 },
      ]);
      expect(await sessions.devices.workstations('ward')).toEqual([]);
      expect(await sessions.devices.forgetWorkstation(invitation.handle)).toBe(true);
      expect(await sessions.devices.forgetWorkstation(invitation.handle)).toBe(false);
      expect(await workstation.get('/desk')).toMatchObject({ status: 403, body: { reason: 'device_not_enrolled' } });
      expect(await sessions.devices.workstations('desk')).toEqual([]);
    });

    test.each(['', 'desk', 'desk.short', 'x'.repeat(500), '../desk.0123456789012345678901', 7 as never])(
      'forgets nothing named %j',
      async (handle) => {
        expect(await (await ready()).sessions.devices.forgetWorkstation(handle)).toBe(false);
      },
    );

    test('finds it all in the audit, without the code', async () => {
      const { events, invitation, sessions } = await ready();
      await sessions.devices.forgetWorkstation(invitation.handle);
      await new Promise(setImmediate);
      const { handle } = invitation;
      expect(events.filter(({ type }) => type === 'device')).toEqual(
        ['invited', 'enrolled', 'forgotten'].map((action) =>
          expect.objectContaining({ app: 'desk', profile: 'enrolled', outcome: 'allow', subject: undefined, device: { action, handle } }),
        ),
      );
      expect(JSON.stringify(events)).not.toContain(invitation.code.slice(0, 9));
    });

    test('is told when there are too many', async () => {
      const { sessions, store } = workstationWorld(express);
      for (let index = 0; index < 900; index += 1) {
        await store.writeNote({ book: 'workstation.desk', id: `w${index}` }, { text: '{}', ttlMs: DAY, atMost: 1_000 });
      }
      await expect(sessions.devices.inviteWorkstation({ app: 'desk', label: 'One more' })).rejects.toMatchObject({
        code: 'ERR_ENROLMENT_REFUSED',
        status: 409,
      });
    });
  });

  describe('a cookie', () => {
    test('is in the store in no form from which it could be made, and neither is the code', async () => {
      const { store, world, workstation } = await ready();
      const open = await world.sessions.devices.inviteWorkstation({ app: 'desk', label: 'Next' });
      const notes = [...(await store.listNotes('workstation.desk')).notes, ...(await store.listNotes('invitation.desk')).notes];
      expect(notes).toHaveLength(2);
      const kept = JSON.stringify(notes);
      const signed = Buffer.from([...workstation.cookies.values()][0] as string, 'base64url').toString();
      const [, , secret] = JSON.parse(signed.slice(0, signed.lastIndexOf('.'))) as [string, string, string];
      for (const one of [secret, open.code, open.code.replaceAll('-', '')]) expect(kept).not.toContain(one);
    });

    test('that is of another app, not signed, or there twice proves nothing, and the store hears nothing of it', async () => {
      const { workstation, app, world, store } = await ready();
      const [[name, value]] = [...workstation.cookies] as [[string, string]];
      const ward = await enrolledWorkstation(world, 'ward');
      const [[, other]] = [...ward.workstation.cookies] as [[string, string]];
      const forged = [other, `${value}x`, value.slice(0, -2), 'x', '', Buffer.from('["desk","a","b"].x').toString('base64url')];
      const readNote = store.readNote.bind(store);
      store.readNote = () => Promise.reject(new Error('asked'));
      for (const one of forged) expect((await new Workstation(app, new Map([[name, one]])).get('/desk/login')).status).toBe(403);
      const twice = await new Workstation(app).get('/desk/login', { Cookie: `${name}=${value}; ${name}=${other}` });
      expect(twice.status).toBe(403);
      store.readNote = readNote;
      expect((await workstation.get('/desk/login')).status).toBe(200);
    });

    test('is asked about together with the session, not after it', async () => {
      const { workstation, store } = await ready();
      await workstation.post('/desk/login');
      const order: string[] = [];
      for (const method of ['read', 'readNote'] as const) {
        const base = store[method].bind(store) as (ref: never) => Promise<never>;
        store[method] = async (ref: never) => {
          order.push(`${method} asked`);
          await new Promise(setImmediate);
          const found = await base(ref);
          order.push(`${method} answered`);
          return found;
        };
      }
      expect((await workstation.get('/desk')).status).toBe(200);
      expect(order.slice(0, 2).sort()).toEqual(['read asked', 'readNote asked']);
      expect(order).toHaveLength(4);
    });

    test('that the store cannot be asked about lets nobody in', async () => {
      const { workstation, store } = await ready();
      store.readNote = () => Promise.reject(new StoreUnavailableError('out'));
      expect((await workstation.get('/desk/poster')).status).toBe(503);
    });

    test('outlives a sign-out, by a form and by a script, with others on the host and alone', async () => {
      for (const policy of [undefined, onePolicy]) {
        const world = workstationWorld(express, policy === undefined ? {} : { policy });
        const at = policy === undefined ? '/desk' : '';
        for (const headers of [{}, PAGE]) {
          const { workstation } = await enrolledWorkstation(world);
          await workstation.post(`${at}/login`);
          const out = await workstation.post(`${at}/logout`, '', headers);
          expect(out.status).toBe(200);
          expect(out.headers['clear-site-data']).toBe('"cache", "storage"');
          expect([...workstation.cookies.keys()]).toEqual(['desk.device']);
          expect((await workstation.get(`${at}/login`)).status).toBe(200);
        }
      }
    });

    test('does not leave with the person whose session ran out', async () => {
      const { workstation, clock } = await ready();
      await workstation.post('/desk/login');
      clock.advance('2m');
      expect((await workstation.get('/desk')).body.reason).toBe('idle_timeout');
      expect([...workstation.cookies.keys()]).toEqual(['desk.device']);
      expect((await workstation.post('/desk/login?who=bob')).body.who).toBe('bob');
    });
  });

  describe('a copy of its cookie', () => {
    test('is a workstation for a day at most: then the first to come has it renewed, and the other is noticed', async () => {
      for (const first of ['owner', 'thief'] as const) {
        const { workstation, events, logged, clock, invitation, sessions } = await ready();
        const all = { owner: workstation, thief: workstation.copy() };
        const second = first === 'owner' ? all.thief : all.owner;
        clock.advance('1d');
        const renewal = await all[first].get('/desk/login');
        expect(renewal.status).toBe(200);
        expect(linesOf(renewal)).toHaveLength(1);
        expect(renewal.headers['cache-control']).toBe('no-store');
        clock.advance('1m');
        expect((await all[first].get('/desk/login')).status).toBe(200);
        clock.advance('61s');
        expect((await second.get('/desk/login')).body.reason).toBe('device_not_enrolled');
        expect((await all[first].get('/desk/login')).body.reason).toBe('device_not_enrolled');
        expect(await sessions.devices.workstations('desk')).toEqual([]);
        await new Promise(setImmediate);
        expect(events.filter(({ device }) => device?.action === 'copied')).toEqual([
          expect.objectContaining({
            outcome: 'deny',
            reason: 'device_proof_invalid',
            app: 'desk',
            device: { action: 'copied', handle: invitation.handle },
          }),
        ]);
        expect(logged).toContainEqual(expect.objectContaining({ code: 'workstation_copied', app: 'desk' }));
      }
    });

    test('requests that are sent together are no copies, whichever of them renews it', async () => {
      const { workstation, clock, store } = await ready();
      clock.advance(DAY - 3_600_000);
      for (let hour = 0; hour < 30; hour += 1) {
        clock.advance('1h');
        const together = [workstation, workstation.copy(), workstation.copy(), workstation.copy()];
        const restore = readTogether(store, together.length);
        const answers = await Promise.all(together.map((one) => one.get('/desk/login')));
        restore();
        expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
        const given = answers.flatMap(linesOf);
        expect(given).toHaveLength([1, 26].includes(hour + 1) ? 1 : 0);
        for (const line of given) workstation.cookies.set('desk.device', line.slice('desk.device='.length, line.indexOf(';')));
      }
    });

    test('is renewed with a refusal, too', async () => {
      const { workstation, clock } = await ready();
      clock.advance('1d');
      const refused = await workstation.get('/desk');
      expect(refused.status).toBe(401);
      expect(linesOf(refused)).toEqual([expect.stringMatching(/^desk\.device=.*Max-Age=34560000/)]);
    });
  });
});
