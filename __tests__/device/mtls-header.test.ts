import { hash, X509Certificate } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import request, { type Response } from 'supertest';
import { memoryStore, type SessionPolicyOptions } from '../../lib/index.ts';
import { certificateIn } from '../../lib/proofs/client-certificate.ts';
import { readClientCertHeader } from '../../lib/proofs/client-certificate-header.ts';
import { INVALID, NOTHING } from '../../lib/proofs/presented.ts';
import { expressVersions } from '../support/express.ts';
import type { Certified } from './mtls-certificates.ts';
import { authority, bearer, mtlsWorld, serveMutually, TlsClient } from './mtls-world.ts';

/** RFC 9440, appendix A. */
const RFC_9440 =
  ':MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVkaWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk=:';

/** RFC 8705, appendix A: a certificate, and what a token that is bound to it says. */
const RFC_8705 = {
  certificate:
    'MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAxODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwIDSQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOVbUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY=',
  thumbprint: 'A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0',
};

const ann = authority.issue('ann');
const eve = authority.issue('eve');
const proxy = authority.issue('proxy');
const thumbprint = ({ der }: Certified): string => hash('sha256', der, 'base64url');

describe('reading Client-Cert', () => {
  test('the certificate of RFC 9440', () => {
    const found = readClientCertHeader(RFC_9440);
    expect(found).toEqual({
      thumbprint: hash('sha256', Buffer.from(RFC_9440.slice(1, -1), 'base64'), 'base64url'),
      from: Date.UTC(2020, 0, 14, 22, 55, 33),
      until: Date.UTC(2021, 0, 23, 22, 55, 33),
    });
    expect(readClientCertHeader(RFC_9440)).toBe(found);
  });

  test('the certificate and thumbprint of RFC 8705', () => {
    expect(certificateIn(Buffer.from(RFC_8705.certificate, 'base64'))?.thumbprint).toBe(RFC_8705.thumbprint);
    expect(readClientCertHeader(`:${RFC_8705.certificate}:`)).toMatchObject({ thumbprint: RFC_8705.thumbprint });
  });

  test.each([
    ['no header', undefined],
    ['an empty one', ''],
    ['an empty byte sequence', '::'],
  ])('%s is no certificate', (_what, header) => {
    expect(readClientCertHeader(header)).toBe(NOTHING);
  });

  const base64 = ann.der.toString('base64');
  const pem = new X509Certificate(ann.der).toString();
  test.each([
    ['no colons', base64],
    ['one colon', `:${base64}`],
    ['two of them in one line', `${ann.header}, ${ann.header}`],
    ['two of them in two lines', [ann.header, ann.header]],
    ['a parameter', `${ann.header};a=1`],
    ['a string', `"${base64}"`],
    ['a space inside', `:${base64.slice(0, 40)} ${base64.slice(40)}:`],
    ['base64url', ':-_-_:'],
    ['bytes that are no certificate', ':AAAA:'],
    ['a certificate that is cut off', `:${ann.der.subarray(0, -1).toString('base64')}:`],
    ['bytes after the certificate', `:${Buffer.concat([ann.der, Buffer.from([0])]).toString('base64')}:`],
    ['PEM', `:${Buffer.from(pem).toString('base64')}:`],
    ['PEM in the form of nginx', encodeURIComponent(pem)],
    ['too much', `:${'A'.repeat(20_000)}:`],
  ])('%s is an invalid one', (_what, header) => {
    expect(readClientCertHeader(header)).toBe(INVALID);
  });

  test('remembers what was read, however much there is of it', () => {
    const many = Array.from({ length: 3 }, () => authority.issue('one of many'));
    const all = Array.from({ length: 600 }, (_, index) => many[index % 3] as Certified);
    for (const one of all) expect(readClientCertHeader(one.header)).toMatchObject({ thumbprint: thumbprint(one) });
  });
});

const open: { close(): unknown }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

describe.each(expressVersions)('Client-Cert on %s', (_name, express) => {
  const world = (options: Partial<SessionPolicyOptions> = {}) =>
    mtlsWorld(express, { trustProxy: 'loopback', clientCertHeader: true, ...options });

  const login = ({ app }: ReturnType<typeof world>, header?: string, at = '/api') => {
    const sent = request(app).post(`${at}/login`);
    return header === undefined ? sent : sent.set('Client-Cert', header);
  };

  const token = (answer: Response): string => `Bearer ${String(answer.body.token)}`;

  test('of a trusted hop binds a session, and no other certificate opens it', async () => {
    const site = world();
    const signedIn = await login(site, ann.header).expect(200);
    expect(signedIn.body).toMatchObject({ trust: 'bound', by: 'mtls', key: thumbprint(ann) });
    const get = () => request(site.app).get('/api/bound').set('Authorization', token(signedIn));
    await get().set('Client-Cert', ann.header).expect(200);
    expect((await get().set('Client-Cert', eve.header).expect(401)).body.reason).toBe('device_proof_missing');
    expect((await get().expect(401)).body.reason).toBe('device_proof_missing');
    expect(site.logged).toEqual([]);
  });

  test.each(['10.0.0.0/8', '::ffff:10.0.0.0/104', '192.0.2.1'])('of a peer that is not in %s is nothing, and noted', async (trustProxy) => {
    const store = memoryStore();
    const signedIn = await login(world({ store }), ann.header).expect(200);
    const site = world({ store, trustProxy });
    const forged = request(site.app).get('/api').set('Authorization', token(signedIn)).set('Client-Cert', ann.header);
    expect((await forged.expect(401)).body.reason).toBe('device_proof_missing');
    expect(site.logged).toEqual([
      { code: 'client_certificate_ignored', app: 'api', message: expect.stringMatching(/a peer that trustProxy does not name/) },
    ]);
    expect((await login(site, eve.header).expect(200)).body).toMatchObject({ trust: 'none', by: null });
    expect(JSON.stringify(site.logged)).not.toContain(ann.header.slice(1, 60));
  });

  test.each(['127.0.0.1', '::ffff:127.0.0.1', '127.0.0.0/8', '::ffff:127.0.0.0/104'])(
    'of a hop in %s counts, however the address is written',
    async (trustProxy) => {
      expect((await login(world({ trustProxy }), ann.header).expect(200)).body.trust).toBe('bound');
    },
  );

  test('of a proxy that is not said to set it is nothing, since it can be what a client wrote', async () => {
    const site = world({ clientCertHeader: false });
    expect((await login(site, ann.header).expect(200)).body).toMatchObject({ trust: 'none', by: null });
    expect(site.logged).toMatchObject([
      { code: 'client_certificate_ignored', message: expect.stringMatching(/clientCertHeader not to be false/) },
    ]);
  });

  test.each([
    ['garbage', 'garbage'],
    ['two of them', `${ann.header}, ${eve.header}`],
  ])('with %s refuses the request, wherever it goes', async (_what, header) => {
    const site = world();
    for (const at of ['/api', '/web']) {
      const refused = await request(site.app).get(`${at}/login`).set('Client-Cert', header).expect(401);
      expect(refused.body.reason).toBe('device_proof_invalid');
      expect(refused.text).not.toContain(header);
    }
    await login(site, header).expect(401);
    await login(site, header, '/web').expect(401);
  });

  test('in two lines is none', async () => {
    const twice = request(world().app)
      .get('/api/login')
      .set('Client-Cert', [ann.header, ann.header] as unknown as string);
    expect((await twice.expect(401)).body.reason).toBe('device_proof_invalid');
  });

  test('that is empty is no certificate', async () => {
    expect((await login(world(), '').expect(200)).body.trust).toBe('none');
  });

  test('past its term is no certificate, by the clock of the store', async () => {
    const site = world();
    const signedIn = await login(site, authority.issue('ann', { until: 0.01 }).header).expect(200);
    expect(signedIn.body.trust).toBe('bound');
    site.clock.advance('20m');
    const late = request(site.app).get('/api').set('Authorization', token(signedIn));
    expect((await late.set('Client-Cert', ann.header).expect(401)).body.reason).toBe('device_proof_missing');
    expect((await login(site, authority.issue('ann', { until: 0.01 }).header).expect(200)).body.trust).toBe('none');
  });

  test('its chain says nothing', async () => {
    const site = world();
    expect((await login(site).set('Client-Cert-Chain', ann.header).expect(200)).body.trust).toBe('none');
    expect((await login(site, ann.header).set('Client-Cert-Chain', 'garbage').expect(200)).body.trust).toBe('bound');
  });

  describe('of a proxy that has a certificate itself', () => {
    async function throughProxy(clientCertHeader: boolean) {
      const site = await serveMutually(world({ clientCertHeader }).app);
      const hop = new TlsClient(site, proxy);
      open.push(hop, site);
      return hop;
    }

    test('counts, and not the proxy’s own', async () => {
      const hop = await throughProxy(true);
      const signedIn = await hop.post('/api/login', { 'Client-Cert': ann.header });
      expect(signedIn.body).toMatchObject({ trust: 'bound', key: thumbprint(ann) });
      expect(await hop.get('/api', bearer(signedIn))).toMatchObject({ status: 401 });
    });

    test.each([true, false])('nobody is bound to that of the proxy (clientCertHeader: %s)', async (clientCertHeader) => {
      const hop = await throughProxy(clientCertHeader);
      expect((await hop.post('/api/login')).body).toMatchObject({ trust: 'none', by: null });
    });
  });
});

describe('the option clientCertHeader', () => {
  const trustOf = async (trustProxy: string | number) => {
    const site = mtlsWorld(expressVersions[0]?.[1] as never, { trustProxy });
    return (await request(site.app).post('/api/login').set('Client-Cert', ann.header).expect(200)).body.trust as string;
  };

  test('is on where the proxies are named, and off where they are counted', async () => {
    expect(await trustOf('loopback')).toBe('bound');
    expect(await trustOf(1)).toBe('none');
  });

  test.each(['true', 1, null])('%p is refused', (clientCertHeader) => {
    const options = { clientCertHeader } as unknown as Partial<SessionPolicyOptions>;
    expect(() => mtlsWorld((() => undefined) as never, options)).toThrow(/clientCertHeader must be true or false/);
  });
});
