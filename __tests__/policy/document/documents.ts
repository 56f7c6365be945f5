import { PolicyError, type PolicyFault } from '../../../lib/policy/errors.ts';

/** A document as it may be written, right or wrong. */
// oxlint-disable-next-line no-explicit-any -- tests write documents that no type allows
export type Loose = any;

/** A valid document that uses every part of the format. A new one each time, so that a test may spoil it. */
export function validDocument(): Loose {
  return {
    version: 1,
    assurance: ['aal1', 'aal2', 'phishing-resistant'],
    profiles: {
      web: {
        preset: 'staff-web',
        idle: '10m',
        absolute: '8h',
        stepUpMaxAge: '10m',
        crossSite: { trustedOrigins: ['https://id.example.com'] },
      },
      admin: {
        preset: 'admin',
        idle: '5m',
        absolute: '1h',
        device: { trust: 'bound', maxAge: '10m' },
        stepUp: { level: 'aal2', maxAge: '30m' },
        subjects: ['user'],
        concurrent: { max: 2, onLimit: 'deny' },
        cookie: { name: 'console', sameSite: 'strict', secure: 'auto', persistent: false },
        headers: { frameguard: { action: 'deny' } },
      },
      kiosk: { preset: 'kiosk' },
      api: { preset: 'api', token: { lifetime: '5m', audience: 'https://api.example.com', issuers: ['ci'] } },
      plain: { idle: '20m', absolute: '2h' },
    },
    apps: {
      shop: {
        profile: 'web',
        owner: 'web-team@example.com',
        tags: ['customer-facing'],
        match: { hosts: ['shop.example.com'] },
        loginUrl: '/login',
        routes: [
          { id: 'pay', methods: ['POST'], path: '/checkout/pay', stepUp: { maxAge: '5m', once: true } },
          { id: 'account', path: '/account/*rest', idle: '5m' },
          { id: 'news', path: '/news', access: 'public', activity: 'passive' },
        ],
      },
      console: { profile: 'admin', tags: ['privileged'], match: { hosts: ['*.internal.example.com'], paths: ['/console'] } },
      desk: { profile: 'kiosk', match: { paths: ['/desk'], order: 1 } },
      interface: { profile: 'api', match: { hosts: ['api.example.com'], order: 2 } },
      other: { profile: 'plain', match: { paths: ['/other'], order: 3 } },
    },
    conditions: [
      {
        id: 'off-network',
        when: {
          tags: ['privileged'],
          methods: ['POST'],
          subjects: ['user'],
          network: { in: ['0.0.0.0/0'], notIn: ['10.0.0.0/8', 'fd00::/8'] },
        },
        require: { stepUp: { maxAge: '10m' } },
        mode: 'report',
      },
    ],
    exceptions: [
      {
        id: 'EX-7',
        app: 'shop',
        routes: ['account'],
        allow: { idle: '30m' },
        reason: 'call-centre headsets',
        owner: 'a@example.com',
        approvedBy: 'b@example.com',
        approvedAt: '2026-11-01',
        reviewBy: '2026-11-30',
        expires: '2026-12-31',
        compensating: { device: { trust: 'managed' } },
      },
    ],
  };
}

/** A document with other values at some places, like `apps.shop.routes.0.id`; `undefined` takes what is there away. */
export function changed(document: Loose, changes: Readonly<Record<string, unknown>>): Loose {
  for (const [place, value] of Object.entries(changes)) {
    const keys = place.split('.');
    const last = keys.pop() as string;
    const holder = keys.reduce((inner, key) => inner[key], document);
    if (value === undefined) delete holder[last];
    else holder[last] = value;
  }
  return document;
}

/** The faults that an action throws; none, if it throws nothing. */
export function faultsOf(action: () => unknown): readonly PolicyFault[] {
  try {
    action();
    return [];
  } catch (error) {
    if (error instanceof PolicyError && error.code === 'ERR_POLICY_INVALID') return error.faults;
    throw error;
  }
}
