import { describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { expressVersions } from '../support/express.ts';
import { portfolio } from './portfolio.ts';

describe.each(expressVersions)('step-up on %s', (_name, express) => {
  async function signedIn(query = '', at = '/staff') {
    const world = portfolio(express);
    const agent = request.agent(world.app);
    await agent.post(`${at}/login${query}`).expect(200);
    return { ...world, agent };
  }

  test('asks for the level, then for freshness, and says how to meet it (RFC 9470)', async () => {
    const { agent, clock } = await signedIn();
    const challenged = await agent.post('/staff/transfer').expect(401);
    expect(challenged.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(challenged.body).toMatchObject({ reason: 'assurance_insufficient', level: 'aal2', maxAge: 300 });
    expect(challenged.body.reauthenticate).toMatch(/^\/staff\/confirm\?return_to=/);
    expect(challenged.headers['www-authenticate']).toBe(
      'Bearer error="insufficient_user_authentication", error_description="Stronger sign-in required", acr_values="aal2", max_age="300"',
    );
    await agent.post('/staff/confirm?level=aal2&amr=otp').expect(200);
    await agent.post('/staff/transfer').expect(200);
    clock.advance('5m');
    await agent.post('/staff/transfer').expect(200);
    clock.advance('1s');
    expect((await agent.post('/staff/transfer').expect(401)).body.reason).toBe('reauthentication_required');
  });

  test('a lower level does not refresh a higher one', async () => {
    const { agent, clock } = await signedIn('?level=aal2');
    clock.advance('6m');
    await agent.post('/staff/confirm?level=aal1').expect(200);
    expect((await agent.post('/staff/transfer').expect(401)).body.reason).toBe('reauthentication_required');
  });

  test('asks for a method by name', async () => {
    const { agent } = await signedIn('?amr=pwd');
    expect((await agent.post('/staff/otp').expect(401)).body).toMatchObject({ reason: 'assurance_insufficient', amr: ['otp'] });
    await agent.post('/staff/confirm?amr=otp').expect(200);
    await agent.post('/staff/otp').expect(200);
  });

  test.each(['remembered', 'impersonated', 'api-key'])('a session that was %s is never fresh', async (how) => {
    const { agent } = await signedIn(`?level=phishing-resistant&amr=otp&how=${how}`);
    await agent.get('/staff/home').expect(200);
    expect((await agent.post('/staff/transfer').expect(401)).body.reason).toBe('assurance_insufficient');
    expect((await agent.post('/staff/otp').expect(401)).body.reason).toBe('assurance_insufficient');
  });

  test('reauthentication gives a new id, ends the old one for writes, and never moves the absolute limit', async () => {
    const { agent, app, clock } = await signedIn();
    const old = (await agent.post('/staff/confirm').expect(200)).headers['set-cookie']?.[0]?.split(';')[0] as string;
    clock.advance('10m');
    const renewed = await agent.post('/staff/confirm').expect(200);
    expect(renewed.headers['set-cookie']?.[0]).not.toContain(old);
    expect(renewed.body.expiresAt).toBe(clock.now() - 10 * 60_000 + 8 * 3_600_000);
    await request(app).get('/staff/home').set('Cookie', old).expect(200);
    expect((await request(app).post('/staff/home').set('Cookie', old).expect(401)).body.reason).toBe('session_rotated');
    clock.advance('6s');
    await request(app).get('/staff/home').set('Cookie', old).expect(401);
  });

  test('the old id of a reauthentication ends at once when the new session signs out', async () => {
    const { agent, app } = await signedIn();
    const login = await agent.post('/staff/login').expect(200);
    const old = login.headers['set-cookie']?.[0]?.split(';')[0] as string;
    await agent.post('/staff/confirm').expect(200);
    await agent.post('/staff/logout').expect(200);
    await request(app).get('/staff/home').set('Cookie', old).expect(401);
  });

  test('somebody else cannot confirm a running session, which stays as it was', async () => {
    const { agent } = await signedIn();
    expect((await agent.post('/staff/confirm?id=u2').expect(403)).body.code).toBe('ERR_SUBJECT_MISMATCH');
    expect((await agent.get('/staff/home').expect(200)).body.subject).toEqual({ id: 'u1', kind: 'user' });
  });

  test('without a session there is nothing to confirm', async () => {
    const { app } = portfolio(express);
    expect((await request(app).post('/staff/confirm').expect(401)).body.code).toBe('ERR_SESSION_ENDED');
  });

  test('a once-only action takes its authentication with it, from the document and from a guard', async () => {
    const { agent } = await signedIn('', '/shop');
    await agent.post('/shop/pay').expect(200);
    expect((await agent.post('/shop/pay').expect(401)).body.reason).toBe('reauthentication_required');
    await agent.post('/shop/confirm').expect(200);
    const answers = await Promise.all(Array.from({ length: 20 }, () => agent.post('/shop/once')));
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    expect(answers.filter((answer) => answer.body.reason === 'reauthentication_required')).toHaveLength(19);
  });

  test('the step-up of a profile holds for the whole app but its own entry pages', async () => {
    const { agent } = await signedIn('', '/admin');
    expect((await agent.get('/admin/home').expect(401)).body).toMatchObject({
      reason: 'assurance_insufficient',
      level: 'aal2',
      maxAge: 1_800,
    });
    await agent.get('/admin/login').expect(200);
    await agent.post('/admin/confirm?level=phishing-resistant').expect(200);
    await agent.get('/admin/home').expect(200);
  });
});
