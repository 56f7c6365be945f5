import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import type { Express, NextFunction, Request, RequestHandler, Response } from 'express';
import { definePolicy, memoryStore, sessionPolicy, stepUp } from '../../lib/index.ts';
import { ReturnTo } from '../../lib/express/return-to.ts';
import { SignedTexts } from '../../lib/express/signed-text.ts';
import { deriveKey } from '../../lib/sessions/session-id.ts';
import { type ManualClock, manualClock } from '../../lib/testing/manual-clock.ts';
import { bank, type BankOptions, bankPolicy, browser } from '../express/bank.ts';
import { SECRET } from '../express/portfolio.ts';
import { approvalWorld } from '../step-up/approval-world.ts';
import { expressVersions } from '../support/express.ts';

/** What stands before the session middleware and behind it. */
interface Around {
  readonly before?: readonly RequestHandler[];
  readonly after?: readonly RequestHandler[];
  readonly clock?: ManualClock;
}

describe.each(expressVersions)('what is kept for a confirmation on %s', (_name, express) => {
  async function signedIn(options: BankOptions = {}) {
    const world = bank(express, options);
    const person = browser(world.app);
    await person.agent.post('/login').expect(200);
    world.clock.advance('2m');
    return { ...world, ...person };
  }

  /** A form is refused, and its sender confirms; gives where to go on. */
  async function kept(path: string, fields: string, options: BankOptions = {}) {
    const world = await signedIn(options);
    const asked = await world.send(path, fields).expect(303);
    const confirmed = await world.send(asked.headers['location'] as string, '').expect(303);
    return { ...world, goOn: confirmed.headers['location'] as string };
  }

  /** Somebody who signed in two minutes ago, on an app with a route of the test's own. */
  async function siteWith({ before = [], after = [], clock = manualClock() }: Around, route: (app: Express) => void) {
    const app = express();
    const sessions = sessionPolicy({ policy: bankPolicy, secret: SECRET, store: memoryStore({ clock: clock.now }), log: () => undefined });
    app.use(...before, sessions, ...after);
    app.post('/login', (req, res, next) => {
      req.sessionPolicy.signIn({ subject: { id: 'u1', kind: 'user' } }).then(() => res.sendStatus(204), next);
    });
    app.post('/reauthenticate', (req, res, next) => {
      const { level = 'aal1' } = req.query as Record<string, string>;
      req.sessionPolicy.reauthenticated({ level }).then(() => res.redirect(303, req.sessionPolicy.returnTo('/home')), next);
    });
    route(app);
    // Four parameters make it an error handler.
    app.use(
      (error: Error & { status?: number }, _req: Request, res: Response, _next: NextFunction) =>
        void res.status(error.status ?? 500).json({ message: error.message }),
    );
    const person = browser(app);
    await person.agent.post('/login').expect(204);
    clock.advance('2m');
    return person;
  }

  test('what a resumed form is asked about by a guard behind a rule is about its values', async () => {
    const parser = express.urlencoded({ extended: false });
    const done: unknown[] = [];
    const confirm = stepUp({ once: true, bind: (req) => ({ to: req.body.to }), describe: (req) => `Send it to ${req.body.to}` });
    const { agent, send, visit } = await siteWith({}, (app) => {
      app.get('/reauthenticate', (req, res, next) => void req.sessionPolicy.asked().then((asked) => res.json(asked), next));
      // The parser stands before one guard, and a second one behind asks for something that the first did not.
      app.post('/two', parser, stepUp({ maxAge: '1m' }), confirm, (req, res) => {
        done.push(req.body);
        res.send('sent');
      });
    });
    let answer = await send('/two', 'to=ada').expect(303);
    const descriptions: unknown[] = [];
    while (answer.status === 303 && descriptions.length < 4) {
      const asked = answer.headers['location'] as string;
      descriptions.push((await agent.get(asked).expect(200)).body.description);
      const goOn = (await send(asked, '').expect(303)).headers['location'] as string;
      await visit(goOn).expect(200);
      answer = await send(goOn, '');
    }
    expect(descriptions).toEqual([undefined, 'Send it to ada']);
    expect(answer.text).toBe('sent');
    expect(done).toEqual([{ to: 'ada' }]);
  });

  test.each([
    ['bytes that no browser sends', '/pay', `a=${'\u0001'.repeat(60_000)}`],
    ['letters that are not encoded', '/pay', `a=${'é'.repeat(30_000)}`],
  ])('%s are told to be sent again, and fail nothing', async (_what, path, fields) => {
    const { send, done } = await signedIn();
    const answer = await send(path, fields).expect(401);
    expect(answer.text).toContain('Confirm, then send it again');
    expect(done).toEqual([]);
  });

  test('the longest form that a browser sends is kept', async () => {
    const fields = `to=${'x'.repeat(64 * 1_024 - 3)}`;
    const { send, goOn, done } = await kept('/pay', fields);
    await send(goOn, '').expect(201);
    expect(done[0]?.body).toEqual({ to: 'x'.repeat(64 * 1_024 - 3) });
  });

  test('a compressed form is not taken for its own text', async () => {
    const { agent, done } = await signedIn();
    const answer = await agent
      .post('/pay')
      .set({ Accept: 'text/html', 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Encoding': 'gzip' })
      .serialize((body: unknown) => body as string)
      .send(gzipSync('to=ada&amount=4') as unknown as object)
      .expect(401);
    expect(answer.text).toContain('Confirm, then send it again');
    expect(done).toEqual([]);
  });

  test('bytes that a parser before us has read are not kept as something else', async () => {
    const { send } = await siteWith({ before: [express.raw({ type: () => true })] }, () => undefined);
    await send('/pay', 'a=1').expect(401);
  });

  test('a confirmation for what could not be kept is for these values, so that they pass when they are sent again', async () => {
    const { agent, send, done } = await signedIn();
    const upload = () => agent.post('/transfer').set('Accept', 'text/html').send({ to: 'ada', amount: 400 });
    const page = (await upload().expect(401)).text;
    const asked = /href="([^"]+)"/.exec(page.slice(page.indexOf('class="button')))?.[1]?.replaceAll('&#38;', '&') as string;
    expect((await agent.get(asked).expect(200)).body.asked).toMatchObject({ description: 'Send 400 € to ada', keptRequest: false });
    await send(asked, '').expect(303);
    await upload().expect(201);
    expect(done).toHaveLength(1);
  });

  test('a kept form and a header that name two methods are ambiguous, as in any other request', async () => {
    const { agent, goOn, done } = await kept('/pay', 'to=ada&_method=PUT', { parserFirst: true });
    const answer = await agent.post(goOn).set('X-HTTP-Method-Override', 'DELETE').expect(400);
    expect(answer.body).toMatchObject({ reason: 'method_ambiguous' });
    expect(done).toEqual([]);
  });

  test('what a rule of now denies is not shown either', async () => {
    const { sessions, visit, send, goOn, done } = await kept('/transfer', 'to=ada&amount=400');
    await visit(goOn).expect(200);
    const { document } = bankPolicy;
    const off = { id: 'off', when: { network: { notIn: ['10.0.0.0/8'] } }, require: { block: true } } as const;
    sessions.reload(definePolicy({ ...document, conditions: [off] } as typeof document));
    expect((await visit(goOn).expect(403)).text).not.toContain('Send 400');
    await send(goOn, '').expect(403);
    await send(`${goOn}&cancel_request`, '').expect(403);
    expect(done).toEqual([]);
  });

  test('a resumption that is still refused is in the audit', async () => {
    const { send, goOn, clock, events } = await kept('/pay', 'to=ada');
    clock.advance('2m');
    const before = events.length;
    await send(goOn, '').expect(303);
    expect(events.slice(before)).toEqual([expect.objectContaining({ type: 'decision', outcome: 'challenge', routes: ['pay'] })]);
  });

  test('a confirmation to change something does not delete it, where a method-override makes the method', async () => {
    const override: RequestHandler = (req, _res, next) => {
      req.method = req.get('X-HTTP-Method-Override') ?? req.method;
      next();
    };
    const { agent } = await siteWith({ after: [express.json(), override] }, (app) => {
      const confirm = stepUp({ once: true, bind: (req) => ({ id: req.body.id }) });
      app.put('/record', confirm, (_req, res) => void res.send('changed'));
      app.delete('/record', confirm, (_req, res) => void res.send('deleted'));
    });
    const ask = (method: string) => agent.post('/record').set('X-HTTP-Method-Override', method).send({ id: 7 });
    const { resume } = (await ask('PUT').expect(401)).body as { resume: string };
    await agent.post('/reauthenticate').send({ resume }).expect(303);
    await ask('DELETE').expect(401);
    expect((await ask('PUT').expect(200)).text).toBe('changed');
  });

  test('an authentication from before it was asked for is not for these values, whenever the session hears of it', async () => {
    const clock = manualClock();
    const { agent } = await siteWith({ after: [express.json()], clock }, (app) => {
      app.post('/seen-elsewhere', (req, res, next) => {
        const { at, resume } = req.body as { at: number; resume: string };
        req.sessionPolicy.reauthenticated({ authenticatedAt: at, resume }).then(() => res.sendStatus(204), next);
      });
      app.post('/act', stepUp({ once: true, bind: (req) => req.body.to }), (_req, res) => void res.send('done'));
    });
    const before = clock.now();
    clock.advance('1m');
    const { resume } = (await agent.post('/act').send({ to: 'ada' }).expect(401)).body as { resume: string };
    await agent.post('/seen-elsewhere').send({ at: before, resume }).expect(403);
    await agent.post('/act').send({ to: 'ada' }).expect(401);
    // Providers tell whole seconds.
    clock.advance(300);
    await agent
      .post('/seen-elsewhere')
      .send({ at: Math.floor(clock.now() / 1_000) * 1_000, resume })
      .expect(204);
    await agent.post('/act').send({ to: 'ada' }).expect(200);
  });

  test.each<[string, unknown, RegExp]>([
    ['later', async () => 'Send 400 €', /at once.*promise/],
    ['nothing', () => undefined, /no text/],
    ['a number', () => 400, /no text/],
    ['more than a person reads', () => 'x'.repeat(1_001), /1001 characters/],
  ])('a description that says %s fails the request, with a reason for the developer', async (_what, describeAction, message) => {
    const { agent } = await siteWith({}, (app) => {
      app.post(
        '/act',
        stepUp({ once: true, maxAge: '1m', describe: describeAction as () => string }),
        (_req, res) => void res.send('done'),
      );
    });
    const answer = await agent.post('/act').expect(500);
    expect(answer.body.message).toMatch(message);
  });

  test('values that come later fail the request, with a reason for the developer', async () => {
    const { agent } = await siteWith({}, (app) => {
      app.post('/act', stepUp({ once: true, bind: (async () => 1) as unknown as () => number }), (_req, res) => void res.send('done'));
    });
    expect((await agent.post('/act').expect(500)).body.message).toContain('bind is a promise');
  });

  test('behind a proxy that keeps the host for itself, a person comes back to the page they were on', async () => {
    const { agent, send } = await signedIn({ more: { trustProxy: 'loopback' } });
    const through = { Host: 'internal:8080', 'X-Forwarded-Host': 'bank.example', Referer: 'http://bank.example/form?step=2' };
    const asked = (await send('/pay', 'a=1').set(through).expect(303)).headers['location'] as string;
    const { body } = await agent.get(asked).set(through).expect(200);
    expect(body.asked.cancelPath).toBe('/form?step=2');
  });
});

test('one person cannot fill the book of approvals with scopes that they make up', async () => {
  const { person } = approvalWorld();
  const [eve, ada] = [await person('eve'), await person('ada')];
  for (let count = 0; count < 50; count += 1) await eve.asks({ scope: `GET /desk/${count}`, reason: 'why not' }).expect(201);
  expect((await eve.asks({ scope: 'GET /desk/more', reason: 'why not' }).expect(429)).body.reason).toBe('approval_asked_too_often');
  const again = await person('eve');
  await again.asks({ scope: 'GET /desk/more', reason: 'why not' }).expect(429);
  await ada.asks().expect(201);
});

test('the longest way back that is signed can be read again', () => {
  const ways = new ReturnTo(new SignedTexts([deriveKey('x'.repeat(32), 'test')]));
  const path = `/${'p'.repeat(2_047)}`;
  const asked = {
    session: 's'.repeat(22),
    reason: 'reauthentication_required',
    level: 'phishing-resistant',
    amr: ['otp'],
    maxAgeMs: 1,
    once: true,
    boundTo: 'b'.repeat(44),
    note: 'n'.repeat(22),
    keptPath: path,
    from: path,
  } as const;
  expect(ways.read(ways.sign('bank', { path, asked }, 0), 'bank', 0)).toMatchObject({ path, asked });
});
