import { hash } from 'node:crypto';
import { once } from 'node:events';
import type { ServerOptions } from 'node:https';
import { connect } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import { memoryStore, type SessionPolicyOptions } from '../../lib/index.ts';
import { manualClock } from '../../lib/testing/manual-clock.ts';
import { expressVersions } from '../support/express.ts';
import { Authority, type Certified } from './mtls-certificates.ts';
import { authority, bearer, cookie, mtlsWorld, serveMutually, type Site, TlsClient } from './mtls-world.ts';

const ann = authority.issue('ann');
const eve = authority.issue('eve');
const expired = authority.issue('ann', { from: -9, until: -8 });
const unknown = new Authority('another authority').issue('ann');

const thumbprint = ({ der }: Certified): string => hash('sha256', der, 'base64url');

const open: { close(): unknown }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

function client(site: Site, certified?: Certified, options = {}): TlsClient {
  const made = new TlsClient(site, certified, options);
  open.unshift(made);
  return made;
}

describe.each(expressVersions)('a client certificate on %s', (_name, express) => {
  async function served(options: Partial<SessionPolicyOptions> = {}, server: ServerOptions = {}) {
    const world = mtlsWorld(express, options);
    const site = await serveMutually(world.app, server);
    open.push(site);
    return { ...world, site };
  }

  describe('for a token', () => {
    test('binds the session to it, by the thumbprint of RFC 8705', async () => {
      const { site } = await served();
      const signedIn = await client(site, ann).post('/api/login');
      expect(signedIn.body).toMatchObject({ trust: 'bound', by: 'mtls', key: thumbprint(ann) });
      const again = await client(site, ann).get('/api/bound', bearer(signedIn));
      expect(again).toMatchObject({ status: 200, body: { who: 'ann', trust: 'bound' } });
    });

    test.each([
      ['no certificate', undefined],
      ['another certificate', eve],
      ['an expired certificate', expired],
      ['a certificate of an authority that nobody knows', unknown],
    ])('a copy of it opens nothing with %s', async (_what, certified) => {
      const { site } = await served();
      const stolen = bearer(await client(site, ann).post('/api/login'));
      const thief = client(site, certified);
      expect(await thief.get('/api', stolen)).toMatchObject({ status: 401, body: { reason: 'device_proof_missing' } });
      expect((await thief.get('/api/login', stolen)).body).toMatchObject({ who: 'nobody', trust: 'none' });
    });

    test.each([
      ['none', undefined],
      ['an expired one', expired],
      ['one of an authority that nobody knows', unknown],
    ])('a sign-in with %s binds it to nothing', async (_what, certified) => {
      const { site } = await served();
      expect((await client(site, certified).post('/api/login')).body).toMatchObject({ trust: 'none', by: null });
    });

    test('the certificate is of one subject', async () => {
      const { site } = await served();
      await client(site, ann).post('/api/login?who=ann');
      expect(await client(site, ann).post('/api/login?who=bob')).toMatchObject({ status: 403, body: { code: 'ERR_DEVICE_FOREIGN' } });
    });
  });

  describe('for a cookie', () => {
    test('a copy of it is a session whose device has proved nothing', async () => {
      const { site } = await served();
      const signedIn = await client(site, ann).post('/web/login');
      expect(signedIn.body).toMatchObject({ trust: 'bound', by: 'mtls' });
      expect((await client(site, ann).get('/web/bound', cookie(signedIn))).status).toBe(200);
      for (const thief of [client(site), client(site, eve)]) {
        expect(await thief.get('/web', cookie(signedIn))).toMatchObject({ status: 200, body: { who: 'ann', trust: 'none' } });
        expect(await thief.get('/web/bound', cookie(signedIn))).toMatchObject({
          status: 403,
          body: { reason: 'device_trust_insufficient' },
        });
      }
    });

    test('on a device that several people use, it is nobody’s own', async () => {
      const { site } = await served();
      for (const who of ['ann', 'bob']) {
        expect(await client(site, ann).post(`/desk/login?who=${who}`)).toMatchObject({ status: 200, body: { who, trust: 'bound' } });
      }
    });
  });

  describe('counts in its term, by the clock of the store', () => {
    test('a connection outlives it', async () => {
      const { site, clock } = await served();
      const shortly = client(site, authority.issue('ann', { until: 0.01 }), { maxSockets: 1 });
      const token = bearer(await shortly.post('/api/login'));
      expect((await shortly.get('/api/bound', token)).status).toBe(200);
      clock.advance('15m');
      expect(await shortly.get('/api/bound', token)).toMatchObject({ status: 401, body: { reason: 'device_proof_missing' } });
    });

    test('it begins later', async () => {
      const { now } = manualClock(Date.now() - 3 * 86_400_000);
      const { site } = await served({ store: memoryStore({ clock: now }) });
      expect((await client(site, ann).post('/api/login')).body).toMatchObject({ trust: 'none' });
    });
  });

  describe.each(['TLSv1.2', 'TLSv1.3'] as const)('in a TLS session of %s that is resumed', (maxVersion) => {
    test('is that of the first handshake', async () => {
      const { site } = await served({}, { maxVersion });
      const fresh = { keepAlive: false };
      const resuming = client(site, ann, fresh);
      const token = bearer(await resuming.post('/api/login'));
      expect((await resuming.get('/api/bound', token)).body).toMatchObject({ trust: 'bound', key: thumbprint(ann), resumed: true });
    });

    test('is none if there was none', async () => {
      const { site } = await served({}, { maxVersion });
      const resuming = client(site, undefined, { keepAlive: false });
      await resuming.post('/api/login');
      expect((await resuming.post('/api/login')).body).toMatchObject({ trust: 'none', resumed: true });
    });
  });

  test('is not replaced by another on the same connection', async () => {
    const { site } = await served({}, { maxVersion: 'TLSv1.2' });
    const socket = connect({ port: site.port, host: '127.0.0.1', servername: 'localhost', ca: authority.cert, ...ann });
    socket.on('error', () => undefined);
    await once(socket, 'secureConnect');
    socket.write('GET /api/login HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'data');
    const closed = once(socket, 'close');
    socket.renegotiate({}, () => undefined);
    await closed;
    expect(socket.destroyed).toBe(true);
  });
});
