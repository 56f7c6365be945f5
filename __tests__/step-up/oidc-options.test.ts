import { describe, expect, test } from '@jest/globals';
import express, { type ErrorRequestHandler } from 'express';
import { Configuration, type ServerMetadata } from 'openid-client';
import request from 'supertest';
import { confirmationPage } from '../../lib/step-up/confirmation/confirmation-page.ts';
import { confirmationForm } from '../../lib/step-up/form/form-method.ts';
import { METHOD } from '../../lib/step-up/confirmation/step-up-method.ts';
import { oidc, type OidcOptions } from '../../lib/step-up/oidc/oidc.ts';
import { oidcWorld, REDIRECT_URI, traveller } from './oidc-world.ts';

const METADATA = {
  issuer: 'https://id.example.com',
  authorization_endpoint: 'https://id.example.com/auth',
  jwks_uri: 'https://id.example.com/jwks',
};
const configuration = new Configuration(METADATA, 'shop');
const good: OidcOptions = {
  configuration,
  redirectUri: REDIRECT_URI,
  levels: { aal2: ['urn:example:mfa'] },
  subject: () => undefined,
};

describe('options of oidc', () => {
  test.each<readonly [string, Partial<Record<keyof OidcOptions | 'levles', unknown>>, RegExp]>([
    ['an unknown one', { levles: {} }, /no option "levles" \(did you mean "levels"\?\)/],
    ['no configuration', { configuration: undefined }, /needs a configuration from openid-client/],
    ['a configuration that is an address', { configuration: 'https://id.example.com' }, /discovery\(new URL\(issuer\)/],
    ['no redirectUri', { redirectUri: undefined }, /redirectUri to be the public URL/],
    ['a path', { redirectUri: '/reauthenticate/oidc/callback' }, /redirectUri/],
    ['another path', { redirectUri: 'https://app.example.com/callback' }, /followed by \/oidc\/callback/],
    ['nothing before it', { redirectUri: 'https://app.example.com/oidc/callback' }, /redirectUri/],
    ['a query', { redirectUri: `${REDIRECT_URI}?a=b` }, /redirectUri/],
    ['an empty fragment', { redirectUri: `${REDIRECT_URI}#` }, /redirectUri/],
    ['another scheme', { redirectUri: 'javascript:/reauthenticate/oidc/callback' }, /redirectUri/],
    ['a password', { redirectUri: 'https://u:p@app.example.com/reauthenticate/oidc/callback' }, /redirectUri/],
    ['no levels', { levels: {} }, /needs levels, which say what acr/],
    ['a level without a list', { levels: { aal2: 'urn:example:mfa' } }, /needs a list of acr values without blanks for level "aal2"/],
    ['an acr with a blank', { levels: { aal2: ['mfa otp'] } }, /without blanks/],
    ['an acr for two levels', { levels: { aal1: ['mfa'], aal2: ['mfa'] } }, /lists the acr "mfa" twice/],
    ['no subject', { subject: undefined }, /needs subject to be a function/],
    ['a scope without openid', { scope: 'profile' }, /needs a scope with "openid"/],
    ['a hint that is none', { hint: 'ada' }, /needs hint to be a function/],
    ['a tolerance without an end', { clockTolerance: '61s' }, /at most "60s" as clockTolerance/],
    ['a bare number', { clockTolerance: 5 }, /did you mean "5s"/],
    ['a long deadline', { deadline: '31s' }, /at most "30s" as deadline/],
    ['a title without a word', { title: ' ' }, /needs title to be a text/],
    ['a home elsewhere', { home: '//evil.example' }, /needs a path of the site as home/],
  ])('%s is refused at once', (_what, wrong, message) => {
    expect(() => oidc({ ...good, ...wrong } as OidcOptions)).toThrow(message);
  });

  test('none at all', () => {
    expect(() => oidc(undefined as never)).toThrow(expect.objectContaining({ code: 'ERR_OPTIONS_INVALID' }));
  });

  test('a level that the policy does not know is a mistake in setting up', async () => {
    const { app } = oidcWorld({ configuration, more: { levels: { aal9: ['mfa'] } } });
    const { agent, visit } = traveller({ app });
    await agent.post('/login').expect(204);
    expect((await visit('/reauthenticate/oidc').expect(500)).text).toContain(
      'oidc reaches level &#34;aal9&#34;, which is not in the policy',
    );
  });

  test('without the middleware it says what to add', async () => {
    const app = express().use('/reauthenticate', oidc(good));
    app.use(((error: { code: string }, _req, res, _next) => void res.status(500).send(error.code)) satisfies ErrorRequestHandler);
    expect((await request(app).get('/reauthenticate/oidc').expect(500)).text).toBe('ERR_MIDDLEWARE_MISSING');
  });
});

describe('the page', () => {
  test('lists it with a link, since a form may not lead to another site', () => {
    const { view, ...method } = oidc({ ...good, title: 'With <b>your</b> account' })[METHOD];
    expect(method).toEqual({ id: 'oidc', title: 'With <b>your</b> account', level: undefined, amr: undefined, needsScript: false });
    const place = { base: '/reauthenticate', failed: undefined };
    expect(String(view(undefined, 'return_to=abc', place))).toContain('<a class="button first" href="/reauthenticate/oidc?return_to=abc"');
    expect(String(view(undefined, '', place))).toContain('href="/reauthenticate/oidc" ');
  });

  test('says what it is for, and leads on and back', async () => {
    const { app } = oidcWorld({ configuration, more: { title: 'With <b>your</b> account' } });
    const { agent, send, visit } = traveller({ app });
    await agent.post('/login').expect(204);
    const asks = await send('/transfer', { to: '<i>Ada</i>', amount: '400' }).expect(303);
    const page = asks.headers['location'] as string;
    const { text, headers } = await visit(page).expect(200);
    expect(text).toContain('Send 400 € to &#60;i&#62;Ada&#60;/i&#62;');
    expect(text).toContain('With &#60;b&#62;your&#60;/b&#62; account');
    expect(text).toContain(`href="${page.replace('/reauthenticate', '/reauthenticate/oidc')}"`);
    expect(text).toMatch(/href="\/">Cancel/);
    expect(headers['content-security-policy']).toContain("default-src 'none'");
  });

  test('of several ways lists this one too, and leads to its addresses', async () => {
    const form = confirmationForm({
      id: 'pwd',
      title: 'With your password',
      fields: [{ name: 'pwd', label: 'Password' }],
      level: 'aal1',
      amr: ['pwd'],
      verify: () => false,
    });
    const { app } = oidcWorld({ configuration, mount: (method) => confirmationPage({ methods: [form, method] }) });
    const { agent, visit, leave } = traveller({ app });
    await agent.post('/login').expect(204);
    const { text } = await visit('/reauthenticate').expect(200);
    expect(text.match(/<h2[^>]*>[^<]*/g)).toHaveLength(2);
    expect(text).toContain('With your sign-in provider');
    expect((await leave('/reauthenticate')).origin).toBe('https://id.example.com');
    await visit('/reauthenticate/oidc/callback?state=x').expect(403);
  });
});

describe('the way to the provider', () => {
  test.each(['cross-site', 'same-site'])('is not begun by a link of another site (%s): the page asks first', async (site) => {
    const { app } = oidcWorld({ configuration });
    const { agent, visit } = traveller({ app });
    await agent.post('/login').expect(204);
    await visit('/reauthenticate/oidc').set('Sec-Fetch-Site', site).expect(303).expect('Location', '/reauthenticate');
    const typed = await visit('/reauthenticate/oidc').set('Sec-Fetch-Site', 'none').expect(303);
    expect(typed.headers['location']).toMatch(/^https:\/\/id\.example\.com\/auth\?/);
  });

  test.each([
    [
      'over plain http, without the leave of the application',
      { authorization_endpoint: 'http://id.example.com/auth' },
      /the authorization endpoint: \w+$/,
    ],
    ['to a provider without keys to check its signatures by', { jwks_uri: undefined }, /no jwks_uri$/],
  ])('%s is not taken', async (_what, wrong, message) => {
    const { app, logged } = oidcWorld({ configuration: new Configuration({ ...METADATA, ...wrong } as ServerMetadata, 'shop') });
    const { agent, visit } = traveller({ app });
    await agent.post('/login').expect(204);
    await visit('/reauthenticate/oidc').expect(502);
    expect(logged).toEqual([{ code: 'check_failed', app: 'bank', message: expect.stringMatching(message) }]);
  });
});
