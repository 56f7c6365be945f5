import { describe, expect, test } from '@jest/globals';
import expressJson, { type Express } from 'express';
import request from 'supertest';
import { EvidenceError, SessionError } from '../../lib/index.ts';
import { securityKeyAttestation } from '../../lib/proofs/attestation/security-key-attestation.ts';
import { SoftwareAuthority } from '../proofs/attestation/software-authority.ts';
import { register } from '../proofs/attestation/software-security-key.ts';
import { SoftwareAuthenticator } from '../step-up/software-authenticator.ts';
import { expressVersions } from '../support/express.ts';
import { fallbackBank, ORIGIN } from './passkey-fallback-world.ts';

const SITE = { origin: ORIGIN, rpId: 'bank.example' } as const;
const ADA = { id: 'ada', kind: 'user' } as const;
const maker = await SoftwareAuthority.at(Date.now());
const verifier = securityKeyAttestation({ ...SITE, roots: maker.root.pem });

function mount(app: Express): void {
  app.post('/challenge', (req, res, next) => {
    req.sessionPolicy.device.challenge().then((challenge) => res.json({ challenge }), next);
  });
  app.post('/attest', expressJson.json({ limit: '64kb' }), (req, res, next) => {
    req.sessionPolicy.device.attest(verifier, req.body).then(
      (trust) => res.json({ trust }),
      (error: unknown) => {
        if (!(error instanceof SessionError)) return next(error);
        const cause = error.cause instanceof EvidenceError ? error.cause.message : undefined;
        res.status(error.status).json({ code: error.code, cause });
      },
    );
  });
}

type SecurityKey = Awaited<ReturnType<typeof register>>;

describe.each(expressVersions)('a security key on %s', (_name, express) => {
  /** A person who has registered a security key with the challenge of their session, and not used it yet. */
  async function world() {
    const bank = fallbackBank(express, { mount });
    const person = personOf(bank.app);
    await person.signIn();
    const key = await person.registerKey();
    add(bank, key);
    return { ...bank, ...person, key };
  }

  function add({ passkeys }: Pick<ReturnType<typeof fallbackBank>, 'passkeys'>, { response, publicKey }: SecurityKey): void {
    passkeys.add(ADA, { id: response.id, publicKey, counter: 0, userHandle: 'ada', transports: ['usb'] } as never);
  }

  test('that its maker vouches for makes the device attested, for ten minutes after each use', async () => {
    const { attest, clock, confirm, get, handOf, key } = await world();
    expect((await attest({ registration: key.response })).body.code).toBe('ERR_DEVICE_UNBOUND');
    await confirm(key, await handOf('/vault'));
    expect((await get('/attested')).status).toBe(403);
    expect((await attest({ registration: key.response })).body).toEqual({ trust: 'attested' });
    expect((await get('/attested')).text).toContain('attested attested passkey');
    clock.advance('599s');
    expect((await get('/attested')).status).toBe(200);
    clock.advance('2s');
    await confirm(key, await handOf('/attested'));
    expect((await get('/attested')).text).toContain('attested attested passkey');
  });

  test('is remembered in another session, once it is bound to the key', async () => {
    const { app, attest, clock, confirm, handOf, key } = await world();
    await confirm(key, await handOf('/vault'));
    await attest({ registration: key.response });
    clock.advance('1h');
    const later = personOf(app);
    await later.signIn();
    expect((await later.attest({ remembered: true })).body.code).toBe('ERR_DEVICE_UNBOUND');
    await later.confirm(key, await later.handOf('/vault'));
    expect((await later.attest({ remembered: true })).body).toEqual({ trust: 'attested' });
    expect((await later.get('/attested')).status).toBe(200);
  });

  test('does not vouch for a session that is bound to another one', async () => {
    const bank = await world();
    const { attest, confirm, get, handOf, key } = bank;
    const own = await register(maker, 'c'.repeat(43), SITE);
    add(bank, own);
    await confirm(own, await handOf('/vault'));
    const refused = await attest({ registration: key.response });
    expect(refused.body).toEqual({ code: 'ERR_DEVICE_REFUSED', cause: 'the attestation is about another key than that of the session' });
    expect((await get('/vault')).text).toContain('vault bound passkey');
    expect((await get('/attested')).status).toBe(403);
  });

  test('that nobody vouches for yet is not asked for where an attested device is', async () => {
    const { confirm, get, handOf, key } = await world();
    expect((await get('/attested')).headers['location']).toBeUndefined();
    await confirm(key, await handOf('/vault'));
    expect((await get('/attested')).headers['location']).toBeUndefined();
  });

  function personOf(app: Express) {
    const agent = request.agent(app);
    const get = (path: string) => agent.get(path).set('Accept', 'text/html');
    return {
      get,
      signIn: () => agent.post('/login').expect(303),
      attest: (evidence: object) => agent.post('/attest').send(evidence),
      registerKey: async () => register(maker, (await agent.post('/challenge').expect(200)).body.challenge, SITE),
      handOf: async (path: string) => ((await get(path).expect(303)).headers['location'] as string).split('?')[1] as string,
      confirm: async ({ response: { id }, privateKey }: SecurityKey, hand: string) => {
        const { challenge } = (await agent.post('/reauthenticate/passkey/options').expect(200)).body as { challenge: string };
        const own = { challenge, ...SITE, credentialId: id, signWith: privateKey, userHandle: 'ada' };
        const answer = await agent.post(`/reauthenticate/passkey?${hand}`).send({ response: new SoftwareAuthenticator().answer(own) });
        expect(answer.body).toHaveProperty('next');
      },
    };
  }
});
