import { afterEach, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { manualClock } from '../../lib/testing/manual-clock.ts';
import { closeExamples, startExample } from '../examples/example.ts';

afterEach(closeExamples);

const ENROL = '/session/devices';

describe('known-devices', () => {
  async function started() {
    const clock = manualClock();
    const said: string[] = [];
    const { url } = await startExample('known-devices', { clock: clock.now, log: (line) => said.push(line) });
    const laptop = request.agent(url);
    await laptop.post('/login').expect(204);
    const enrol = async (): Promise<string> => {
      await laptop.post('/reauthenticate').expect(204);
      return (await laptop.post(ENROL).type('form').send('label=My laptop').expect(201)).body.handle as string;
    };
    return { clock, said, url, laptop, enrol };
  }

  test('pays out from a device that was enrolled with a second factor, and from no other', async () => {
    const { enrol, laptop, said, url } = await started();
    expect((await laptop.post('/payout').expect(403)).body.reason).toBe('device_trust_insufficient');
    expect((await laptop.post(ENROL).type('form').send('label=x').expect(401)).body.reason).toBe('assurance_insufficient');
    const handle = await enrol();
    await laptop.post('/payout').expect(200, 'paid out\n');
    await laptop.post('/session/sign-out').expect(204);
    await laptop.post('/login').expect(204);
    await laptop.post('/payout').expect(200, 'paid out\n');
    const other = request.agent(url);
    await other.post('/login').expect(204);
    await other.post('/payout').expect(403);
    expect((await other.get(ENROL)).body.devices).toMatchObject([{ handle, label: 'My laptop', current: false }]);
    await other.delete(`${ENROL}/${handle}`).expect(204);
    await laptop.post('/payout').expect(403);
    expect(said).toEqual(['ada: a device was enrolled', 'ada: a device was forgotten']);
  });

  test('works as pages, in a browser', async () => {
    const { enrol, laptop } = await started();
    await enrol();
    const page = (await laptop.get('/').set('Accept', 'text/html').expect(200)).text;
    expect(page).toContain('This device is known.');
    expect(page).toContain('My laptop, this one');
  });

  test('notices a copy', async () => {
    const { clock, enrol, laptop, said, url } = await started();
    await enrol();
    const copied = laptop.jar.getCookie('bank.device', { path: '/', domain: 'localhost', secure: false, script: false } as never)?.value;
    clock.advance('2m');
    await laptop.post('/login').expect(204);
    clock.advance('2m');
    await request(url).post('/login').set('Cookie', `bank.device=${copied}`).expect(204);
    await laptop.post('/payout').expect(403);
    expect(said).toEqual(['ada: a device was enrolled', 'ada: a device was copied']);
  });
});
