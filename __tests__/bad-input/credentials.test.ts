import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import request from 'supertest';
import { type Portfolio, portfolio, SECRET } from '../express/portfolio.ts';
import { cookieOf } from '../faults/small-app.ts';
import { expressVersions } from '../support/express.ts';
import { expectNoSecrets, secretsOf } from './secrets.ts';

describe.each(expressVersions)('credentials that are not what they should be, on %s', (_name, express) => {
  let world: Portfolio;
  let good: string;
  let other: string;
  let token: string;
  beforeAll(async () => {
    world = portfolio(express);
    good = valueOf(cookieOf(await request(world.app).post('/staff/login').expect(200)));
    other = valueOf(cookieOf(await request(world.app).post('/staff/login?id=u2').expect(200)));
    token = (await request(world.app).post('/phone/login').expect(200)).body.token;
  });

  const home = (cookie: string) => request(world.app).get('/staff/home').set('Cookie', cookie);

  test('the cookie as it was set is a session, quoted, repeated and among others as well', async () => {
    for (const cookie of [
      `staff.session=${good}`,
      `staff.session="${good}"`,
      `staff.session=${decodeURIComponent(good)}`,
      `a=1;  staff.session=${good}; b=2`,
      `staff.session=${good}; staff.session=${good}`,
      `;;staff.session=${good};`,
      `=x; staff.session=${good}`,
    ])
      expect((await home(cookie).expect(200)).body.subject).toEqual({ id: 'u1', kind: 'user' });
  });

  test.each<[string, (good: string, other: string) => string]>([
    ['nothing', () => 'staff.session='],
    ['the prefix alone', () => 'staff.session=s%3A'],
    ['no prefix', (value) => `staff.session=${value.slice(4)}`],
    ['the prefix twice', (value) => `staff.session=s%3A${value}`],
    ['a JSON cookie', (value) => `staff.session=j%3A${value.slice(4)}`],
    ['an id without a signature', (value) => `staff.session=${value.slice(0, 64)}`],
    ['an id with an empty signature', (value) => `staff.session=${value.slice(0, 64)}.`],
    ['a signature that is cut short', (value) => `staff.session=${value.slice(0, -1)}`],
    ['a signature that is too long', (value) => `staff.session=${value}A`],
    ['a signature with padding', (value) => `staff.session=${value}=`],
    ['the signature of another session', (value, another) => `staff.session=${value.slice(0, 64)}${another.slice(64)}`],
    ['the tag of another session', (value, another) => `staff.session=${another.slice(0, 20)}${value.slice(20)}`],
    ['letters of another case', (value) => `staff.session=${value.toUpperCase()}`],
    ['a broken escape', (value) => `staff.session=${value}%`],
    ['an escape that is no UTF-8', (value) => `staff.session=%E0%A4%A${value}`],
    ['an escaped NUL', (value) => `staff.session=${value}%00`],
    ['10,000 letters', () => `staff.session=s%3A${'A'.repeat(10_000)}`],
    ['dots', () => `staff.session=s%3A${'.'.repeat(500)}`],
    ['an object', () => 'staff.session=[object Object]'],
    ['__proto__', () => 'staff.session=s%3A__proto__.__proto__'],
    ['a planted cookie before ours', (value, another) => `staff.session=${another}; staff.session=${value}`],
    ['a planted cookie after ours', (value, another) => `staff.session=${value}; staff.session=${another}`],
    ['a planted empty cookie', (value) => `staff.session=${value}; staff.session=`],
    ['another case of the name', (value) => `STAFF.session=${value}`],
    ['a name that ends like ours', (value) => `xstaff.session=${value}`],
    ['the name with __Host- on http', (value) => `__Host-staff.session=${value}`],
    ['the value of another cookie', (value) => `a=staff.session=${value}`],
    ['commas between cookies', (value) => `a=1, staff.session=${value}`],
  ])('%s is no session', async (_what, make) => {
    const answer = await home(make(good, other)).expect(401);
    expect(answer.body.reason).toBe('session_missing');
    expectNoSecrets([...secretsOf(`x=${good}`, SECRET), ...secretsOf(`x=${other}`, SECRET)], answer.text, world.logged, world.events);
  });

  test('a cookie that was changed anywhere is no session', async () => {
    const change = fc.record({
      at: fc.nat({ max: 120 }),
      remove: fc.nat({ max: 3 }),
      insert: fc.stringMatching(/^[A-Za-z0-9%.+/=_-]{0,3}$/),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ at, remove, insert }) => {
        const changed = good.slice(0, at) + insert + good.slice(at + remove);
        const same = decoded(changed) === decoded(good);
        await home(`staff.session=${changed}`).expect(same ? 200 : 401);
      }),
      { numRuns: 150 },
    );
  });

  test('a header of any text is answered, and is no session', async () => {
    const printable = fc.stringMatching(/^[\x20-\x7e]{0,200}$/);
    await fc.assert(
      fc.asyncProperty(printable, printable, async (name, value) => {
        const cookie = `${name}=${value}; staff.session=${value}`;
        const { status } = await request(world.app).get('/staff/home').set('Cookie', cookie).set('Authorization', value);
        expect(status).toBe(401);
      }),
      { numRuns: 100 },
    );
  });

  test.each<[string, (token: string) => string]>([
    ['another scheme', (value) => `Basic ${value}`],
    ['no scheme', (value) => value],
    ['two tokens', (value) => `Bearer ${value} ${value}`],
    ['two schemes', (value) => `Bearer ${value}, Bearer ${value}`],
    ['a comma', (value) => `Bearer ${value},`],
    ['quotes', (value) => `Bearer "${value}"`],
    ['a cut token', (value) => `Bearer ${value.slice(0, -2)}`],
    ['an escaped token', (value) => `Bearer ${encodeURIComponent(value)}%41`],
    ['8,000 letters', () => `Bearer ${'A'.repeat(8_000)}`],
    ['the cookie of another app', () => `Bearer ${decodeURIComponent(good).slice(2)}`],
    ['a JWT', () => 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1MSJ9.'],
  ])('a bearer header with %s is no session', async (_what, make) => {
    await request(world.app).get('/phone/home').set('Authorization', `Bearer ${token}`).expect(200);
    const answer = await request(world.app).get('/phone/home').set('Authorization', make(token)).expect(401);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer error="invalid_token"/);
    expectNoSecrets([token], answer.text, answer.headers, world.logged, world.events);
  });

  test('a cookie does not open an app of native clients, and a header none of browsers', async () => {
    await request(world.app)
      .get('/phone/home')
      .set('Cookie', `phone.session=s%3A${encodeURIComponent(token)}`)
      .expect(401);
    await request(world.app)
      .get('/staff/home')
      .set('Authorization', `Bearer ${decodeURIComponent(good).slice(2)}`)
      .expect(401);
  });

  test('each is logged once, by what it is and not by what it holds', async () => {
    const { app, logged } = portfolio(express);
    for (let attempt = 0; attempt < 5; attempt += 1)
      await request(app)
        .get('/staff/home')
        .set('Cookie', `staff.session=${good.slice(0, -1)}`);
    expect(logged).toEqual([{ code: 'credential_invalid', app: 'staff', message: expect.any(String) }]);
    await request(app).get('/phone/home').set('Authorization', 'Basic dTE6cGFzc3dvcmQ=').expect(401);
    expect(logged).toHaveLength(2);
    expectNoSecrets(['dTE6cGFzc3dvcmQ', ...secretsOf(`x=${good}`, SECRET)], logged);
  });
});

function valueOf(cookie: string): string {
  return cookie.slice(cookie.indexOf('=') + 1);
}

function decoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value.trim());
  } catch {
    return undefined;
  }
}
