import { afterEach, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { closeExamples, startExample } from '../examples/example.ts';

afterEach(closeExamples);

describe('the example workstation', () => {
  test('an administrator invites a workstation, on which others work until it is forgotten', async () => {
    const { url } = await startExample('workstation');
    const [office, desk] = [request.agent(url), request.agent(url)];
    expect((await desk.get('/login').expect(403)).body.reason).toBe('device_not_enrolled');
    await office.post('/office/workstations').send('label=Front desk 2').expect(401);
    await office.post('/office/login').expect(303);
    const { text } = await office.post('/office/workstations').send('label=Front <desk> 2').expect(200);
    expect(text).not.toContain('<desk>');
    const [, code] = /type in (\S+) within/.exec(text) as unknown as [string, string];
    await desk.post('/device/enroll').send(`code=${code}`).expect(303).expect('Location', '/login');
    await desk.post('/login').send('who=bob').expect(303);
    expect((await desk.get('/').expect(200)).text).toContain('Hello bob, on a device that is known');
    const [workstation] = (await office.get('/office/workstations').expect(200)).body as [{ label: string; handle: string }];
    expect(workstation.label).toBe('Front <desk> 2');
    await office.delete(`/office/workstations/${workstation.handle}`).expect(204);
    await office.delete(`/office/workstations/${workstation.handle}`).expect(404);
    await desk.get('/').expect(403);
  });
});
