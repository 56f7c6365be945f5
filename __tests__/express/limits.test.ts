import { describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { expressVersions } from '../support/express.ts';
import { portfolio } from './portfolio.ts';

describe.each(expressVersions)('time limits on %s', (_name, express) => {
  async function signedIn(at = '/staff') {
    const world = portfolio(express);
    const agent = request.agent(world.app);
    await agent.post(`${at}/login`).expect(200);
    return { ...world, agent };
  }

  test('a session ends after the idle timeout, and stays ended', async () => {
    const { agent, clock } = await signedIn();
    clock.advance('14m');
    await agent.get('/staff/home').expect(200);
    clock.advance('14m');
    await agent.get('/staff/home').expect(200);
    clock.advance('15m');
    const refused = await agent.get('/staff/home').expect(401);
    expect(refused.body).toMatchObject({ reason: 'idle_timeout', status: 401 });
    const again = await agent.get('/staff/home').expect(401);
    expect(again.body.reason).toBe('idle_timeout');
  });

  test('a session ends at the absolute timeout however much it is used', async () => {
    const { agent, clock } = await signedIn();
    for (let quarter = 0; quarter < 47; quarter += 1) {
      clock.advance('10m');
      await agent.get('/staff/home').expect(200);
    }
    clock.advance('10m');
    const refused = await agent.get('/staff/home').expect(401);
    expect(refused.body.reason).toBe('absolute_timeout');
  });

  test('on a public page an expired session is ended and the page goes on without it, with the reason at hand', async () => {
    const { agent, clock } = await signedIn('/shop');
    clock.advance('31m');
    const page = await agent.get('/shop/home').expect(200);
    expect(page.body).toEqual({ subject: null, reason: 'idle_timeout' });
    expect((await agent.get('/shop/account').expect(401)).body.reason).toBe('idle_timeout');
  });

  test('the longest gap closes a stricter route, also after a lax page, until the person authenticates', async () => {
    const { agent, clock } = await signedIn('/shop');
    clock.advance('4m');
    await agent.get('/shop/account/orders').expect(200);
    clock.advance('6m');
    await agent.get('/shop/home').expect(200);
    const challenged = await agent.get('/shop/account').expect(401);
    expect(challenged.body).toMatchObject({ reason: 'route_idle_timeout' });
    expect((await agent.get('/shop/account').expect(401)).body.reason).toBe('route_idle_timeout');
    await agent.post('/shop/confirm').expect(200);
    await agent.get('/shop/account').expect(200);
  });

  test('an inline guard bounds the gap too, and a refused retry does not pass', async () => {
    const { agent, clock } = await signedIn();
    await agent.get('/staff/reports').expect(200);
    clock.advance('3m');
    for (let attempt = 0; attempt < 3; attempt += 1) {
      expect((await agent.get('/staff/reports').expect(401)).body.reason).toBe('route_idle_timeout');
    }
    clock.advance('12m');
    expect((await agent.get('/staff/home').expect(401)).body.reason).toBe('idle_timeout');
  });

  test('refused, passive and challenged requests do not keep a session alive', async () => {
    const { agent, clock } = await signedIn();
    for (let minute = 0; minute < 14; minute += 1) {
      clock.advance('1m');
      await agent.get('/staff/heartbeat').expect(200);
      await agent.post('/staff/transfer').expect(401);
    }
    clock.advance('1m');
    expect((await agent.get('/staff/home').expect(401)).body.reason).toBe('idle_timeout');
  });

  test('a passive route of the document does not keep a session alive', async () => {
    const { agent, clock } = await signedIn('/shop');
    for (let turn = 0; turn < 5; turn += 1) {
      clock.advance('5m');
      expect((await agent.get('/shop/poll').expect(200)).body.subject).not.toBeNull();
    }
    clock.advance('5m');
    expect((await agent.get('/shop/poll').expect(200)).body).toEqual({ subject: null, reason: 'idle_timeout' });
  });

  test('activity a few seconds apart is recorded well enough that no session ends early by more than seconds', async () => {
    const { agent, clock } = await signedIn();
    for (let second = 0; second < 40; second += 1) {
      clock.advance('3s');
      await agent.get('/staff/home').expect(200);
    }
    clock.advance(15 * 60_000 - 6_000);
    await agent.get('/staff/home').expect(200);
  });
});
