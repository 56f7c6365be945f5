import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { inMemory, inRedis } from './portfolio-world.ts';

describe.each([
  ['memory', inMemory()],
  ['Redis', inRedis()],
])('the front desk of the demonstration in %s', (_name, place) => {
  beforeAll(() => place.open());
  afterAll(() => place.close());

  async function atTheDesk() {
    const world = await place.world();
    const browser = world.browser();
    await browser.signIn('desk', 'ada');
    await browser.press('/desk/note', { note: 'ring my sister' }, '/desk').expect(303);
    return { ...world, browser };
  }

  test('the next person finds their own appointments, and nothing of the last one', async () => {
    const { app, browser } = await atTheDesk();
    const before = (await browser.open('/desk').expect(200)).text;
    expect(before).toContain('Fitting');
    expect(before).toContain('ring my sister');
    const [cookie] = browser.agent.jar.getCookies({ domain: '127.0.0.1', path: '/', secure: false, script: false });
    const switched = await browser.press('/desk/login', { person: 'mina' }, '/desk').expect(303);
    expect(switched.headers['clear-site-data']).toContain('"storage"');
    const after = (await browser.open('/desk').expect(200)).text;
    expect(after).toContain('Stocktaking');
    expect(after).not.toContain('Fitting');
    expect(after).not.toContain('ring my sister');
    const late = request(app).get('/desk').set('Cookie', `${cookie?.name}=${cookie?.value}`);
    expect((await late.expect(401)).body.reason).toBe('session_rotated');
  });

  test('what needs a confirmation is refused, and sent to a device of their own', async () => {
    const { browser } = await atTheDesk();
    const refused = await browser.open('/desk/bank-details').expect(403);
    expect(refused.text).toContain('https://my.example.com/bank-details');
    expect(refused.text).not.toContain('DE02');
    expect((await browser.status('desk', 'GET', '/desk/bank-details')).body.reason).toBe('step_up_refused');
  });

  test('is left after a minute', async () => {
    const { browser, advance } = await atTheDesk();
    advance('61s');
    await browser
      .open('/desk')
      .expect(303)
      .expect('Clear-Site-Data', /"storage"/);
  });
});
