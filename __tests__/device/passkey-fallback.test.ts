import { describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { coseThumbprint } from '../../lib/proofs/cose-key.ts';
import { type AnswerParts, SoftwareAuthenticator } from '../step-up/software-authenticator.ts';
import { expressVersions } from '../support/express.ts';
import { fallbackBank, type FallbackOptions, ORIGIN } from './passkey-fallback-world.ts';

const RP_ID = 'bank.example';
const ADA = { id: 'ada', kind: 'user' } as const;
/** Present and verified; backup eligible; and backed up besides. */
const ELIGIBLE = 0x05 | 0x08;
const BACKED_UP = ELIGIBLE | 0x10;

describe.each(expressVersions)('a demand for a bound device, met with a passkey, on %s', (_name, express) => {
  async function world(options: FallbackOptions = {}) {
    const bank = fallbackBank(express, options);
    const key = new SoftwareAuthenticator();
    bank.passkeys.add(ADA, key.passkey());
    const agent = request.agent(bank.app);
    await agent.post('/login').expect(303);
    return { ...bank, key, agent, ...personWith(agent, key) };
  }

  test('leads to the page that confirms it, and back', async () => {
    const { confirm, handOf, visit } = await world();
    const hand = await handOf('/vault');
    const page = (await visit(`/reauthenticate?${hand}`)).text;
    expect(page).toContain('Confirm this device with a passkey');
    expect(page).toContain('data-passkey=');
    expect(page).not.toContain('With your password');
    const { body } = await confirm({}, hand);
    expect(body).toEqual({ next: '/vault' });
    expect((await visit('/vault')).text).toContain('vault bound passkey');
    expect((await visit('/guarded')).status).toBe(200);
  });

  test('of a guard in code is met as well', async () => {
    const { confirm, handOf, visit } = await world();
    await confirm({}, await handOf('/guarded'));
    expect((await visit('/guarded')).text).toContain('guarded bound passkey');
  });

  test('lets the form go on that was kept, as it was', async () => {
    const { agent, confirm, handIn, visit, wired } = await world();
    const challenged = await agent.post('/wire').set('Accept', 'text/html').type('form').send({ to: 'Grace', amount: '400' });
    const { body } = await confirm({}, handIn(challenged));
    expect((await visit(body.next)).text).toContain('Nothing has been sent yet');
    expect(wired).toEqual([]);
    expect((await agent.post(body.next).set('Accept', 'text/html')).status).toBe(200);
    expect(wired).toEqual([{ to: 'Grace', amount: '400' }]);
  });

  test('is told to programs, with what they need to go on', async () => {
    const { agent, confirm } = await world();
    const { body } = await agent.get('/vault').expect(403);
    expect(body).toMatchObject({
      reason: 'device_trust_insufficient',
      reauthenticate: expect.stringMatching(/^\/reauthenticate\?return_to=/),
    });
    await confirm({}, `resume=${body.resume}`);
    await agent.get('/vault').expect(200);
  });

  test('counts for ten minutes, less where the route asks, and again after another time', async () => {
    const { clock, confirm, handOf, visit } = await world();
    await confirm({}, await handOf('/vault'));
    clock.advance('61s');
    expect((await visit('/fresh')).status).toBe(303);
    expect((await visit('/vault')).status).toBe(200);
    clock.advance('540s');
    await confirm({}, await handOf('/vault'));
    expect((await visit('/fresh')).status).toBe(200);
  });

  test.each([
    ['that can be on several devices', ELIGIBLE],
    ['that is on several devices', BACKED_UP],
  ])('is not met by a passkey %s', async (_what, flags) => {
    const { confirm, handOf, visit } = await world();
    const hand = await handOf('/vault');
    const refused = await confirm({ flags }, hand);
    expect([refused.status, refused.body]).toEqual([403, expect.objectContaining({ reason: 'passkey_synced' })]);
    expect(refused.body.detail).toContain('kept on several devices');
    expect((await visit('/vault')).status).toBe(303);
    // It confirms who somebody is, as ever.
    expect((await confirm({ flags }, (await handOf('/confirmed')) as string)).status).toBe(200);
    expect((await visit('/confirmed')).text).toContain('confirmed none unbound');
  });

  test('is not met by any other way of confirming', async () => {
    const { agent, handIn, handOf, visit } = await world();
    const withPassword = (hand: string) =>
      agent.post(`/reauthenticate/form?way=password&${hand}`).set('Accept', 'text/html').type('form').send({ password: 'open sesame' });
    expect((await withPassword(await handOf('/confirmed'))).headers['location']).toBe('/confirmed');
    expect((await withPassword(await handOf('/vault'))).headers['location']).toBe('/vault');
    handIn(await visit('/vault'));
  });

  test('is not met by a passkey that confirms something else, or nothing in particular', async () => {
    const { confirm, handOf, visit } = await world();
    expect((await confirm({}, await handOf('/confirmed'))).status).toBe(200);
    expect((await confirm({})).status).toBe(200);
    expect((await visit('/vault')).status).toBe(303);
  });

  test('is not met by what another session was asked', async () => {
    const { app, handOf, confirm, visit } = await world();
    const other = request.agent(app);
    await other.post('/login').expect(303);
    const hand = await personWith(other).handOf('/vault');
    expect((await confirm({}, hand)).status).toBe(200);
    expect((await visit('/vault')).status).toBe(303);
    expect(await handOf('/vault')).not.toBe(hand);
  });

  test('is met by one passkey only, once it was met by that', async () => {
    const { clock, confirm, handOf, passkeys, visit } = await world();
    await confirm({}, await handOf('/vault'));
    clock.advance('601s');
    const second = new SoftwareAuthenticator();
    passkeys.add(ADA, second.passkey());
    const refused = await confirm({}, await handOf('/vault'), second);
    expect([refused.status, refused.body.reason]).toEqual([403, 'passkey_other']);
    expect((await visit('/vault')).status).toBe(303);
    expect((await confirm({}, await handOf('/vault'))).status).toBe(200);
    expect((await visit('/vault')).status).toBe(200);
  });

  test('is met by a key for the account that had it first', async () => {
    const { app, confirm, handOf, key, passkeys } = await world();
    await confirm({}, await handOf('/vault'));
    passkeys.add({ id: 'bea', kind: 'user' }, key.passkey());
    const bea = request.agent(app);
    await bea.post('/login?id=bea').expect(303);
    const person = personWith(bea);
    const refused = await person.confirm({}, await person.handOf('/vault'), key);
    expect([refused.status, refused.body.reason]).toEqual([403, 'device_foreign']);
    expect((await person.visit('/vault')).status).toBe(303);
  });

  test('is not met for a session that is bound to another kind of key', async () => {
    const { agent, handOf, confirm, store } = await world();
    const hand = await handOf('/vault');
    const [session] = await store.listApp('bank');
    const binding = { by: 'dbsc', key: 'k'.repeat(43), provenAt: 1 } as const;
    expect(await store.changeDevice(session?.ref as never, undefined, { binding })).toBe('written');
    const refused = await confirm({}, hand);
    expect([refused.status, refused.body.reason]).toEqual([403, 'passkey_other']);
    const { body } = await agent.get('/vault').expect(403);
    expect(body).not.toHaveProperty('reauthenticate');
  });

  test.each(['/attested', '/known'])('is for no other demand than a bound device: not %s', async (path) => {
    const { agent, confirm, handOf } = await world();
    expect((await agent.get(path).expect(403)).body).not.toHaveProperty('reauthenticate');
    await confirm({}, await handOf('/vault'));
    // What is bound is known, and attested by nobody.
    expect((await agent.get(path)).status).toBe(path === '/known' ? 200 : 403);
  });

  test('is refused where the policy does not say so', async () => {
    const { agent, confirm } = await world({ deviceFallback: 'refuse' });
    const { body } = await agent.get('/vault').expect(403);
    expect(body).not.toHaveProperty('resume');
    await confirm({});
    await agent.get('/vault').expect(403);
  });

  test('says that no passkey is set up where none is', async () => {
    const bank = fallbackBank(express);
    const agent = request.agent(bank.app);
    await agent.post('/login').expect(303);
    const { handOf, visit } = personWith(agent);
    const page = (await visit(`/reauthenticate?${await handOf('/vault')}`)).text;
    expect(page).toContain('None of the ways');
    expect(page).not.toContain('data-passkey');
  });

  function personWith(agent: ReturnType<typeof request.agent>, own = new SoftwareAuthenticator()) {
    const visit = (path: string) => agent.get(path).set('Accept', 'text/html');
    const handIn = ({ headers, status }: request.Response): string => {
      expect(status).toBe(303);
      expect(headers['location']).toMatch(/^\/reauthenticate\?return_to=[\w-]+$/);
      return (headers['location'] as string).split('?')[1] as string;
    };
    const handOf = async (path: string): Promise<string> => handIn(await visit(path));
    const confirm = async (parts: Partial<AnswerParts>, hand = '', key = own): Promise<request.Response> => {
      const { challenge } = (await agent.post('/reauthenticate/passkey/options').expect(200)).body as { challenge: string };
      const response = key.answer({ challenge, origin: ORIGIN, rpId: RP_ID, ...parts });
      return agent.post(`/reauthenticate/passkey?${hand}`).send({ response });
    };
    return { visit, handIn, handOf, confirm };
  }
});

describe('the thumbprint of a COSE key', () => {
  test('is that of the same key as a JWK (RFC 7638)', async () => {
    const key = new SoftwareAuthenticator();
    const { calculateJwkThumbprint, exportJWK } = await import('jose');
    const { createPublicKey } = await import('node:crypto');
    const jwk = await exportJWK(createPublicKey(key.privateKey));
    expect(await coseThumbprint(key.passkey().publicKey)).toBe(await calculateJwkThumbprint(jwk, 'sha256'));
  });

  test.each([
    ['nothing', ''],
    ['no map', '01'],
    ['a map without a key', 'a0'],
    ['an unknown kind of key', 'a10104'],
    ['a key on an unknown curve', 'a4010220082141012241ff'],
    ['a key without y', 'a301022001214101'],
    ['a key whose x is empty', 'a40102200121402241ff'],
    ['a key whose x is a number', 'a40102200121012241ff'],
    ['more than a key', 'a000'],
  ])('%s has none', async (_what, hex) => {
    expect(await coseThumbprint(Buffer.from(hex, 'hex'))).toBeUndefined();
  });

  test.each([
    [
      'Ed25519',
      'a301012006215820d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
    ],
  ])('of RFC 8037: %s', async (_what, hex, thumbprint) => {
    expect(await coseThumbprint(Buffer.from(hex, 'hex'))).toBe(thumbprint);
  });
});
