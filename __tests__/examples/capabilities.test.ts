import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import request from 'supertest';
import { manualClock } from '../../lib/testing/manual-clock.ts';
import { visitorOf } from '../support/oidc-provider.ts';
import { startRedis } from '../support/redis.ts';
import { ROOT } from '../support/source-tree.ts';
import { closeExamples, startExample } from './example.ts';

afterEach(closeExamples);

async function signedIn(name: string, path = '/login') {
  const clock = manualClock();
  const { url } = await startExample(name, { clock: clock.now });
  const agent = request.agent(url);
  await agent.post(path).expect(204);
  return { agent, clock, url };
}

describe('first-minute', () => {
  test('asks for a sign-in, keeps data, and ends by the limits of the preset', async () => {
    const { agent, clock, url } = await signedIn('first-minute');
    await request(url).get('/').expect(401);
    expect((await agent.get('/').expect(200)).text).toBe('Hello u1, visit 1\n');
    expect((await agent.get('/').expect(200)).text).toBe('Hello u1, visit 2\n');
    clock.advance('15m');
    expect((await agent.get('/').expect(401)).body.reason).toBe('idle_timeout');
  });
});

describe('step-up', () => {
  test('a confirmation with a second factor opens the transfer once', async () => {
    const { agent, url } = await signedIn('step-up');
    expect((await agent.get('/balance').expect(200)).text).toBe('120\n');
    const challenged = await agent.post('/transfer').expect(401);
    expect(challenged.headers['www-authenticate']).toContain('acr_values="aal2"');
    await agent.post('/reauthenticate').send('code=000000').expect(403);
    await request(url).post('/reauthenticate').send('code=123456').expect(401);
    await agent.post('/reauthenticate').send('code=123456').expect(204);
    expect((await agent.post('/transfer').expect(200)).text).toBe('transferred\n');
    await agent.post('/transfer').expect(401);
  });

  test('a confirmation that is too old opens nothing', async () => {
    const { agent, clock } = await signedIn('step-up');
    await agent.post('/reauthenticate').send('code=123456').expect(204);
    clock.advance('6m');
    expect((await agent.post('/transfer').expect(401)).body.reason).toBe('reauthentication_required');
  });
});

describe('oidc', () => {
  test('a transfer goes on after a sign-in at the provider that was made for it, and by the same person', async () => {
    const { url } = await startExample('oidc');
    const agent = request.agent(url);
    const visit = (path: string) => agent.get(path).set('Accept', 'text/html');
    await agent.post('/login').type('form').send('who=ada').expect(303);

    const setOut = async (): Promise<URL> => {
      const asks = await agent.post('/transfer').set('Accept', 'text/html').type('form').send('to=Grace&amount=400').expect(303);
      const page = asks.headers['location'] as string;
      expect((await visit(page).expect(200)).text).toContain('Send 400 € to Grace');
      return new URL((await visit(page.replace('?', '/oidc?')).expect(303)).headers['location'] as string);
    };
    const comeBack = async (signIn: Readonly<Record<string, string>>) => {
      const address = await setOut();
      return visit((await visitorOf(address.origin)(address.href, signIn)).back);
    };
    expect((await comeBack({ user: 'grace', password: 'demo', code: '123456' })).text).toContain('Not the same account');
    expect((await comeBack({ user: 'ada', password: 'demo', code: '' })).text).toContain('Stronger sign-in required');
    expect((await comeBack({ cancel: '1' })).text).toContain('Not confirmed');
    const confirmed = await comeBack({ user: 'ada', password: 'demo', code: '123456' });
    const resume = confirmed.headers['location'] as string;
    expect((await visit(resume).expect(200)).text).toContain('Send 400 € to Grace');
    expect((await agent.post(resume).set('Accept', 'text/html').expect(200)).text).toBe('transferred\n');
  });
});

describe('idle-per-route', () => {
  test('the report asks again after 20 seconds, whatever was browsed in between', async () => {
    const { agent, clock } = await signedIn('idle-per-route');
    expect((await agent.get('/report').expect(200)).text).toBe('the report\n');
    clock.advance('21s');
    expect((await agent.get('/').expect(200)).text).toBe('home\n');
    expect((await agent.get('/report').expect(401)).body.reason).toBe('route_idle_timeout');
    await agent.post('/reauthenticate').expect(204);
    await agent.get('/report').expect(200);
  });

  test('a heartbeat does not keep the session alive', async () => {
    const { agent, clock } = await signedIn('idle-per-route');
    clock.advance('9m');
    expect((await agent.get('/heartbeat').expect(200)).body.idleMs).toBe(60_000);
    clock.advance('1m');
    expect((await agent.get('/').expect(401)).body.reason).toBe('idle_timeout');
  });
});

describe('passport', () => {
  test('a passport sign-in is a sign-in, and a wrong password is none', async () => {
    const { url } = await startExample('passport');
    const agent = request.agent(url);
    await agent.post('/login').send('username=ada&password=wrong').expect(401);
    await agent.get('/').expect(401);
    await agent.post('/login').send('username=ada&password=demo').expect(303).expect('Location', '/');
    expect((await agent.get('/').expect(200)).text).toBe('Hello Ada, subject ada\n');
    await agent.post('/logout').expect(204);
    await agent.get('/').expect(401);
  });
});

describe('redis', () => {
  test('sessions outlive a restart of the process, and an outage is answered with 503', async () => {
    const redis = await startRedis();
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    try {
      const options = { redisUrl: redis.url, sessionSecret: 'one-secret-for-both-runs-of-the-example' };
      const first = await startExample('redis', options);
      const cookie = (await request(first.url).post('/login').expect(204)).headers['set-cookie']?.[0]?.split(';')[0] as string;
      await first.close();
      const second = await startExample('redis', options);
      expect((await request(second.url).get('/').set('Cookie', cookie).expect(200)).text).toBe('Hello u1\n');
      await redis.kill();
      await request(second.url).get('/').set('Cookie', cookie).expect(503).expect('Retry-After', '2');
      expect(warn).toHaveBeenCalledWith(expect.stringContaining('store_unavailable'));
    } finally {
      warn.mockRestore();
      await redis.stop();
    }
  });
});

describe('revocation', () => {
  test('others are ended by the person, and all of them by an administrator', async () => {
    const { url } = await startExample('revocation');
    const [laptop, phone, root] = [request.agent(url), request.agent(url), request.agent(url)];
    await laptop.post('/login').send('who=ada').expect(204);
    await phone.post('/login').send('who=ada').expect(204);
    expect((await laptop.get('/sessions').expect(200)).body).toHaveLength(2);
    expect((await laptop.post('/sessions/end-others').expect(200)).body.ended).toBe(1);
    expect((await phone.get('/sessions').expect(401)).body.reason).toBe('session_revoked');
    await root.post('/login').send('who=root').expect(204);
    await laptop.post('/people/root/sign-out').expect(403);
    expect((await root.post('/people/ada/sign-out').expect(200)).body.ended).toBe(1);
    expect((await laptop.get('/sessions').expect(401)).body.reason).toBe('session_revoked');
    await root.get('/sessions').expect(200);
  });
});

describe('session-endpoints', () => {
  test('a person sees how long it lasts, stays, and ends other sessions after a confirmation', async () => {
    const { agent, clock, url } = await visitor('session-endpoints');
    await request.agent(url).post('/login').expect(303);
    clock.advance('80s');
    expect((await agent.get('/session').expect(200)).body.left.idle).toBe(10);
    expect((await agent.get('/session?for=/transfer&method=POST').expect(200)).body).toMatchObject({
      reason: 'assurance_insufficient',
      rule: { stepUp: { seconds: 60, source: 'route:desk/transfer' } },
    });
    expect((await agent.post('/session/keep-alive').expect(200)).body.left.idle).toBe(90);
    expect((await agent.get('/session/sessions').expect(200)).body.sessions).toHaveLength(2);
    await agent.post('/session/sessions/end-others').expect(401);
    await agent.post('/reauthenticate').expect(303);
    expect((await agent.post('/session/sessions/end-others').expect(200)).body).toEqual({ ended: 1, durable: true });
    expect((await agent.post('/transfer').expect(200)).text).toBe('transferred\n');
    await agent.post('/session/sign-out').expect(204);
    await agent.get('/session').expect(401);
  });

  test('the page gets the browser module from the endpoints, and may keep it', async () => {
    const { agent } = await visitor('session-endpoints');
    expect((await agent.get('/').expect(200)).text).toContain('src="/page.js"');
    const { headers, text } = await agent
      .get('/session/client.js')
      .expect(200)
      .expect('Content-Type', /^text\/javascript/);
    expect(text).toMatch(/export ?\{[^}]*watchSession/);
    expect(headers['cache-control']).toBe('private, max-age=3600');
    await agent
      .get('/session/client.js')
      .set('If-None-Match', headers['etag'] as string)
      .expect(304);
  });

  async function visitor(name: string) {
    const clock = manualClock();
    const { url } = await startExample(name, { clock: clock.now });
    const agent = request.agent(url);
    await agent.post('/login').expect(303);
    return { agent, clock, url };
  }
});

describe('kiosk', () => {
  test('one person signs in over the other, and finds nothing of theirs', async () => {
    const { url } = await startExample('kiosk');
    const agent = request.agent(url);
    await agent.post('/login').send('who=ann').expect(303);
    await agent.post('/note').send('note=ann-was-here').expect(303);
    expect((await agent.get('/').expect(200)).text).toContain('Hello ann, one note');
    await agent.post('/login').send('who=bob').expect(303).expect('Clear-Site-Data', '"cache", "storage"');
    expect((await agent.get('/').expect(200)).text).toContain('Hello bob, no note');
    const refused = await agent.post('/prescribe').expect(403);
    expect(refused.body).toMatchObject({ reason: 'step_up_refused', ownDeviceUrl: 'https://my.hospital.example/prescriptions' });
    await agent.post('/logout').expect(303).expect('Clear-Site-Data', '"cache", "cookies", "storage"');
    await agent.get('/').expect(401);
  });
});

describe('approval', () => {
  test('what one person asks for, another opens for a while, and either can end it', async () => {
    const clock = manualClock();
    const lines: string[] = [];
    const { url } = await startExample('approval', { clock: clock.now, log: (line) => void lines.push(line) });
    const [ann, bob] = [request.agent(url), request.agent(url)];
    await ann.post('/login').send('who=ann').expect(303);
    await bob.post('/login').send('who=bob').expect(303);
    expect((await ann.delete('/customers/7').expect(403)).body).toMatchObject({ state: 'none', approval: '/approvals' });
    const { id } = (await ann.post('/approvals').send('scope=delete a customer&reason=Ticket 4711').expect(201)).body;
    await ann.post(`/approvals/${id}/approve`).expect(403);
    expect((await bob.get('/approvals').expect(200)).body.others).toMatchObject([{ id, reason: 'Ticket 4711' }]);
    await bob.post(`/approvals/${id}/approve`).send('comment=Go on').expect(200);
    expect((await ann.delete('/customers/7').expect(200)).text).toBe('deleted\n');
    await ann.post(`/approvals/${id}/revoke`).expect(200);
    await ann.delete('/customers/7').expect(403);
    expect(lines).toEqual([
      'approval_requested: “delete a customer” by ann',
      'decision: “delete a customer” by ann',
      'approval_granted: “delete a customer” by bob',
      'decision: “delete a customer” by ann',
      'approval_revoked: “delete a customer” by ann',
    ]);
  });

  test('a browser is led to ask, and back', async () => {
    const { url } = await startExample('approval', { log: () => undefined });
    const ann = request.agent(url);
    const visit = (path: string) => ann.get(path).set('Accept', 'text/html');
    const login = (await visit('/customers/7/delete').expect(303)).headers['location'] as string;
    await ann.post(login).send('who=ann').expect(303).expect('Location', '/customers/7/delete');
    const page = (await visit('/customers/7/delete').expect(303)).headers['location'] as string;
    expect((await visit(page).expect(200)).text).toContain('Ask for approval');
  });
});

describe('policy-file', () => {
  test('a changed file is in force for running sessions; a bad one is refused and the old one stays', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'policy-file-'));
    try {
      const file = join(folder, 'session-policy.yaml');
      await cp(join(ROOT, 'examples/policy-file/session-policy.yaml'), file);
      const text = await readFile(file, 'utf8');
      const lines = lineWaiter();
      const agent = request.agent((await startExample('policy-file', { file, log: (line) => lines.push(line) })).url);
      await agent.post('/login').expect(204);
      expect((await agent.get('/')).body).toEqual({ idle: 'profile:staff', idleMs: 900_000 });
      await writeFile(file, text.replace('idle: 15m', 'idle: 5m'));
      expect(await lines.next()).toBe('The policy was read again.');
      expect((await agent.get('/')).body.idleMs).toBe(300_000);
      await writeFile(file, text.replace('idle: 15m', 'idel: 1m'));
      expect(await lines.next()).toMatch(/the old one stays[^]*idel[^]*did you mean/i);
      expect((await agent.get('/')).body.idleMs).toBe(300_000);
    } finally {
      await closeExamples();
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('create-server', () => {
  test('serves as app.listen does', async () => {
    const { agent, url } = await signedIn('create-server');
    expect((await agent.get('/').expect(200)).text).toBe('Hello u1\n');
    await request(url).get('/').expect(401);
  });
});

describe('typescript', () => {
  test('compiles against the types of the package, and runs', async () => {
    await promisify(execFile)(process.execPath, [
      join(ROOT, 'node_modules/typescript/bin/tsc'),
      '--noEmit',
      '-p',
      join(ROOT, 'examples/typescript'),
    ]);
    const { url } = await startExample('typescript', {}, 'server.ts');
    const [shopper, root] = [request.agent(url), request.agent(url)];
    await shopper.post('/login').expect(204);
    expect((await shopper.get('/').expect(200)).body).toEqual({ app: 'shop', subject: 'u1' });
    await shopper.post('/admin/close-shop').expect(401);
    await root.post('/admin/login').expect(204);
    await root.post('/admin/close-shop').expect(200);
    expect((await shopper.get('/').expect(200)).body).toEqual({ app: 'shop', subject: null });
  });
});

test('every example is short and says what to try', async () => {
  const folders = (await readdir(join(ROOT, 'examples'), { withFileTypes: true })).filter(
    (one) => one.isDirectory() && one.name !== 'portfolio',
  );
  expect(folders.length).toBeGreaterThanOrEqual(10);
  for (const { name } of folders) {
    const file = join(ROOT, 'examples', name, name === 'typescript' ? 'server.ts' : 'server.js');
    const text = await readFile(file, 'utf8');
    expect({
      name,
      lines: text.split('\n').length <= 80,
      says: /^\/\/ .+\n(\/\/.*\n)*\/\/ {3}(?:curl |http:\/\/localhost|npm run build && node examples\/\w+\/client\.js)/.test(text),
    }).toEqual({
      name,
      lines: true,
      says: true,
    });
  }
});

/** Lines as they come, one waited for at a time; a line that came early is kept. */
function lineWaiter() {
  const early: string[] = [];
  let waiting: ((line: string) => void) | undefined;
  return {
    push(line: string): void {
      if (waiting === undefined) early.push(line);
      else waiting(line);
      waiting = undefined;
    },
    next: (): Promise<string> => {
      const line = early.shift();
      return line === undefined ? new Promise((resolve) => (waiting = resolve)) : Promise.resolve(line);
    },
  };
}
