import { describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { expressVersions } from '../support/express.ts';
import { portfolio } from './portfolio.ts';

const PAGE = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

describe.each(expressVersions)('answers on %s', (_name, express) => {
  test('a page is sent to sign in and comes back, by a signed way that works for this app only', async () => {
    const { app, clock } = portfolio(express);
    const sent = await request(app).get('/staff/report?year=2026').set('Accept', PAGE).expect(303);
    expect(sent.headers['cache-control']).toBe('no-store');
    const login = new URL(sent.headers['location'] as string, 'http://localhost');
    expect(login.pathname).toBe('/staff/login');
    const wayBack = async (search: string, at = '/staff'): Promise<string> =>
      (await request(app).get(`${at}/login${search}`).expect(200)).body.returnTo;
    expect(await wayBack(login.search)).toBe('/staff/report?year=2026');
    expect(await wayBack(login.search, '/shop')).toBe('/fallback');
    expect(await wayBack(`${login.search}A`.replace('return_to=', 'return_to=A'))).toBe('/fallback');
    expect(await wayBack('?return_to=https://evil.example')).toBe('/fallback');
    clock.advance('31m');
    expect(await wayBack(login.search)).toBe('/fallback');
  });

  test.each(['//evil.example/x', '/\\evil.example/x', '/%5Cevil', '//', '/x\ty'])(
    'a path like %s is never a way to another origin',
    async (path) => {
      const { app } = portfolio(express);
      const sent = await request(app).get(`/staff/..${path}`).set('Accept', PAGE);
      const location = sent.headers['location'] as string | undefined;
      if (location !== undefined) expect(new URL(location, 'http://localhost').origin).toBe('http://localhost');
      expect([303, 400, 403]).toContain(sent.status);
    },
  );

  test('a script gets problem+json, and a session of a native client a bearer challenge', async () => {
    const { app } = portfolio(express);
    const script = await request(app).get('/staff/home').set('Accept', 'application/json').expect(401);
    expect(script.body).toMatchObject({ type: 'about:blank', title: 'Sign-in required', status: 401, reason: 'session_missing' });
    expect(script.body.reauthenticate).toMatch(/^\/staff\/login\?return_to=/);
    const fetched = await request(app).get('/staff/home').set('Accept', PAGE).set('Sec-Fetch-Mode', 'cors').expect(401);
    expect(fetched.headers['content-type']).toMatch(/^application\/problem\+json/);
    const native = await request(app).get('/phone/home').expect(401);
    expect(native.headers['www-authenticate']).toBe('Bearer');
    const stale = await request(app).get('/phone/home').set('Authorization', 'Bearer AAAA.BBBB').expect(401);
    expect(stale.headers['www-authenticate']).toMatch(/^Bearer error="invalid_token"/);
  });

  test('a program that sends a token where cookies are asked for is told so, and never sent to a page', async () => {
    const { app } = portfolio(express);
    const answer = await request(app).get('/staff/home').set('Accept', PAGE).set('Authorization', 'Bearer abc').expect(401);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer error="invalid_token"/);
    await request(app).get('/staff/home').set('Accept', PAGE).set('Authorization', 'Basic YTpi').expect(303);
  });
});
