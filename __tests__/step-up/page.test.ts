import { describe, expect, test } from '@jest/globals';
import { confirmationForm, confirmationPage, memoryStore, parsePolicy, sessionPolicy, StoreUnavailableError } from '../../lib/index.ts';
import { browser } from '../express/bank.ts';
import { SECRET } from '../express/portfolio.ts';
import { expressVersions } from '../support/express.ts';
import { confirmationSite, GOOD_CODE, type SiteOptions, sitePolicy } from './confirmation-site.ts';
import { SoftwareAuthenticator } from './software-authenticator.ts';

const ADA = { id: 'ada', kind: 'user' } as const;

describe.each(expressVersions)('the confirmation page on %s', (_name, express) => {
  const signedIn = async (options: SiteOptions = {}) => {
    const site = confirmationSite(express, options);
    site.passkeys.add(ADA, new SoftwareAuthenticator().passkey());
    const person = browser(site.app);
    await person.agent.post('/login').expect(303);
    /** Follows the challenge of a page. */
    const asked = async (path: string, from = '/account') => {
      const { headers } = await person.visit(path).set('Referer', `http://127.0.0.1${from}`).expect(303);
      return person.visit(headers['location'] as string);
    };
    return { site, person, asked };
  };

  test('says why it is asked, and lists what is enough', async () => {
    const { asked } = await signedIn();
    const { text } = await asked('/secret').then(checked);
    expect(text).toContain('needs a stronger confirmation than your sign-in');
    expect(headings(text)).toEqual(['h1 Please confirm it’s you', 'h2 With a passkey', 'h2 With a code']);
    expect(text).not.toContain('Nothing has been sent');
  });

  test.each([
    ['/vault', ['With a passkey']],
    ['/both', ['With a code']],
    ['/reports', ['With a passkey', 'With a code', 'With your password']],
  ])('%s lists only the methods that its rule accepts', async (path, methods) => {
    const { asked, person, site } = await signedIn();
    await person.visit('/account').expect(200);
    site.clock.advance(3 * 60_000);
    const { text } = await asked(path).then(checked);
    expect(headings(text).slice(1)).toEqual(methods.map((method) => `h2 ${method}`));
  });

  test('says plainly that nothing is enough', async () => {
    const { asked } = await signedIn();
    const { text } = await asked('/impossible').then(checked);
    expect(headings(text)).toEqual(['h1 Please confirm it’s you']);
    expect(text).toContain('None of the ways in which you can confirm here is enough');
    expect(text).not.toContain('<script');
    expect(text).toContain('>Cancel</a>');
  });

  test('leaves out what a person has not set up', async () => {
    const site = confirmationSite(express, { code: { isSetUpFor: ({ id }) => id === 'grace' } });
    const person = browser(site.app);
    await person.agent.post('/login').expect(303);
    const { text } = await person.visit('/reauthenticate').expect(200);
    expect(headings(text).slice(1)).toEqual(['h2 With your password']);
  });

  test('says what for, and that it has not been sent', async () => {
    const { person } = await signedIn();
    const { headers } = await person
      .send('/transfer', { to: '<b>Grace</b>', amount: '400' })
      .set('Referer', 'http://127.0.0.1/account')
      .expect(303);
    const { text } = await person.visit(headers['location'] as string).then(checked);
    expect(text).toContain('<p class="what" dir="auto">Send 400 € to &#60;b&#62;Grace&#60;/b&#62;</p>');
    expect(text).toContain('Nothing has been sent yet.');
    expect(text).toContain('Your confirmation counts for this, once.');
  });

  test('of another session says nothing about what this one was asked', async () => {
    const { person, site } = await signedIn();
    const { headers } = await person.send('/transfer', { to: 'Grace', amount: '400' }).expect(303);
    site.clock.advance(5);
    const other = browser(site.app);
    await other.agent.post('/login?id=eve').expect(303);
    const { text } = await other.visit(headers['location'] as string).expect(200);
    expect(text).not.toMatch(/Grace|Nothing has been sent/);
  });

  describe('cancel', () => {
    test('leads back to where the person was, not to the page that asks', async () => {
      const { asked, person } = await signedIn();
      const from = 'http://127.0.0.1/account?tab=2';
      const { headers } = await person.visit('/secret').set('Host', '127.0.0.1').set('Referer', from).expect(303);
      const page = await person.visit(headers['location'] as string);
      expect(cancelOf(page.text)).toBe('/account?tab=2');
      expect(cancelOf((await asked('/secret')).text)).toBe('/');
    });

    test.each([
      'http://evil.example/x',
      'http://127.0.0.1/secret',
      'http://127.0.0.1/reauthenticate',
      'http://127.0.0.1//evil.example',
      'javascript:1',
      'x',
    ])('does not lead to %s', async (referer) => {
      const { person } = await signedIn({ home: '/account' });
      const { headers } = await person.visit('/secret').set('Host', '127.0.0.1').set('Referer', referer).expect(303);
      const page = await person.visit(headers['location'] as string);
      expect(cancelOf(page.text)).toBe('/account');
    });

    test('leads to the page of the form, whose request is not sent', async () => {
      const { person, site } = await signedIn();
      const { headers } = await person
        .send('/transfer', { to: 'Grace', amount: '400' })
        .set('Host', '127.0.0.1')
        .set('Referer', 'http://127.0.0.1/account')
        .expect(303);
      const page = await person.visit(headers['location'] as string);
      expect(cancelOf(page.text)).toBe('/account');
      expect(site.transfers).toEqual([]);
    });
  });

  describe('opened by hand', () => {
    test('confirms too, and leads home', async () => {
      const { person } = await signedIn({ home: '/account' });
      const { text } = await person.visit('/reauthenticate').then(checked);
      expect(text).toContain('before something asks for it');
      const action = /action="([^"]*way=password[^"]*)"/.exec(text)?.[1]?.replaceAll('&#38;', '&') as string;
      await person.send(action, { password: 'open sesame' }).expect(303).expect('Location', '/account');
    });

    test('by nobody leads to the sign-in, and on from there', async () => {
      const { site, person } = await signedIn();
      const { headers } = await person.visit('/secret').expect(303);
      const nobody = browser(site.app);
      const hand = (headers['location'] as string).split('?')[1];
      await nobody.visit(`/reauthenticate?${hand}`).expect(303).expect('Location', `/login?${hand}`);
      await nobody.send(`/login?${hand}`, {}).expect(303).expect('Location', '/secret');
      for (const query of ['', '?return_to=https://evil.example', '?return_to=//evil.example'])
        await browser(site.app).visit(`/reauthenticate${query}`).expect(303).expect('Location', '/login');
    });

    test('with a way back that is not ours leads home', async () => {
      const { person } = await signedIn();
      for (const to of ['https://evil.example', '//evil.example', '/%5cevil', 'AAAA']) {
        const { text } = await person.visit(`/reauthenticate?return_to=${encodeURIComponent(to)}`).then(checked);
        expect(text).not.toContain('evil');
        await person
          .send(`/reauthenticate/form?way=password&return_to=${encodeURIComponent(to)}`, { password: 'open sesame' })
          .expect('Location', '/');
      }
    });
  });

  test('answers HEAD without a body, and is not kept by anybody', async () => {
    const { person } = await signedIn();
    const { headers, text } = await person.agent.head('/reauthenticate').expect(200);
    expect([text, headers['cache-control']]).toEqual([undefined, 'no-store']);
  });

  test('has the frame that the application gives it, and then none of our security policy', async () => {
    const { person } = await signedIn({
      more: { layout: ({ body, script, title }) => `<main data-script="${script}"><h1>${title}</h1>${body}</main>` },
    });
    const { headers, text } = await person.visit('/reauthenticate').expect(200);
    expect(text).toMatch(/^<main data-script="\/reauthenticate\/page\.js"><h1>Please confirm/);
    expect(headers['content-security-policy'] ?? '').not.toContain('sha256-');
  });

  test('does not say that nobody is signed in when the store is out', async () => {
    const store = memoryStore();
    // Goes on without a session, where others would not go on at all.
    const { profiles, ...rest } = sitePolicy.document;
    const web = { preset: 'public-web', onStoreError: 'anonymous' };
    const policy = parsePolicy(JSON.stringify({ ...rest, profiles: { ...profiles, web } }));
    const { person } = await signedIn({ store, more: { policy } });
    store.read = () => Promise.reject(new StoreUnavailableError('down'));
    await person.visit('/reauthenticate').expect(503);
    await person.send('/reauthenticate/form?way=code', { code: GOOD_CODE }).expect(503);
  });

  test('without the middleware says what to add', async () => {
    const app = express();
    app.use(confirmationPage({ methods: [aForm()] }));
    app.use(
      (error: Error & { code?: string }, _req: unknown, res: import('express').Response, _next: unknown) =>
        void res.status(500).send(error.code),
    );
    await browser(app).visit('/').expect(500, 'ERR_MIDDLEWARE_MISSING');
  });

  test('a page of the application in its place: what failed comes to its error handler', async () => {
    const app = express();
    app.use(sessionPolicy({ profile: 'staff-web', secret: SECRET, store: memoryStore(), log: () => undefined }));
    app.post('/login', (req, res, next) => {
      req.sessionPolicy.signIn({ subject: ADA, level: 'aal1' }).then(() => res.sendStatus(204), next);
    });
    app.use('/reauthenticate', aForm());
    app.use((error: Error & { code?: string; status: number }, _req: unknown, res: import('express').Response, _next: unknown) => {
      res.status(error.status).send(`${error.code} ${error.message}`);
    });
    const person = browser(app);
    await person.agent.post('/login').expect(204);
    await person
      .send('/reauthenticate/form?way=own', { code: 'x' })
      .expect(400, 'ERR_CONFIRMATION_FAILED That is not right. Please try again.');
    await person.send('/reauthenticate/form?way=own', { code: GOOD_CODE }).expect(303);
  });
});

describe('options of confirmationPage', () => {
  test.each([
    [undefined, /needs options/],
    [{}, /list of methods/],
    [{ methods: [] }, /list of methods/],
    [{ methods: [() => undefined] }, /list of methods/],
    [{ methods: [aForm(), aForm()] }, /two methods with the id "own"/],
    [{ methods: [aForm()], home: 'https://evil.example' }, /path of the site/],
    [{ methods: [aForm()], home: '//evil.example' }, /path of the site/],
    [{ methods: [aForm()], hom: '/' }, /did you mean "home"/],
  ])('%# that cannot be are refused at once', (options, message) => {
    expect(() => confirmationPage(options as never)).toThrow(message);
  });
});

function aForm() {
  const fields = [{ name: 'code', label: 'Code' }];
  return confirmationForm({ id: 'own', title: 'Own', fields, level: 'aal1', amr: ['otp'], verify: ({ code }) => code === GOOD_CODE });
}

/** What holds for every page: its language, one heading of the first rank, labels that belong to fields, nothing that a strict policy refuses. */
function checked<T extends { status: number; text: string; headers: Record<string, string> }>(answer: T): T {
  const { headers, status, text } = answer;
  expect(status).toBe(200);
  expect(text).toContain('<html lang="en">');
  expect(text.match(/<h1>/g)).toHaveLength(1);
  expect(text).not.toMatch(/ style=| on\w+=|<script(?! type="module" src="\/reauthenticate\/page\.js")/);
  expect(headers['content-security-policy']).toMatch(/default-src 'none'.*script-src 'self'.*form-action 'self'.*frame-ancestors 'none'/);
  expect(headers['cache-control']).toBe('no-store');
  const ids = [...text.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [, id] of text.matchAll(/ (?:for|aria-labelledby|aria-describedby)="([^"]*)"/g)) expect(ids).toContain(id);
  for (const [, id] of text.matchAll(/<input id="([^"]*)"/g)) expect(text).toContain(`<label for="${id}">`);
  return answer;
}

function headings(text: string): readonly string[] {
  return [...text.matchAll(/<(h\d)[^>]*>([^<]*)</g)].map(([, rank, words]) => `${rank} ${words?.replaceAll('&#39;', "'")}`);
}

function cancelOf(text: string): string | undefined {
  return /<a class="button" href="([^"]*)">Cancel/.exec(text)?.[1]?.replaceAll('&#38;', '&');
}
