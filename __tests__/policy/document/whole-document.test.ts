import { describe, expect, test } from '@jest/globals';
import { decide } from '../../../lib/policy/decide.ts';
import { definePolicy } from '../../../lib/policy/define-policy.ts';
import { PolicyError } from '../../../lib/policy/errors.ts';
import { parsePolicy } from '../../../lib/policy/parse-policy.ts';
import { profilePolicy } from '../../../lib/policy/profile-policy.ts';
import { validatePolicy } from '../../../lib/policy/validate.ts';
import { changed, faultsOf, type Loose, validDocument } from './documents.ts';

/** The example that the format was designed on. */
const DESIGN = `version: 1
assurance: [aal1, aal2, phishing-resistant]        # ordered levels; acr values of providers map onto them
profiles:
  web:    { preset: staff-web, idle: 15m, absolute: 12h }
  admin:  { preset: admin, idle: 5m, absolute: 1h, device: { trust: bound }, stepUp: { level: phishing-resistant, maxAge: 30m } }
  phone:  { preset: mobile, transport: header, idle: 14d, absolute: 30d, device: { trust: bound } }
  jobs:   { preset: workload, token: { lifetime: 5m, audience: https://api.example.com, issuers: [ci] } }
apps:
  storefront:
    owner: web-team@example.com
    tags: [customer-facing]
    match: { hosts: [shop.example.com] }             # or paths: [/shop]
    profile: web
    routes:
      - { id: pay, methods: [POST], path: /checkout/pay, stepUp: { maxAge: 5m, once: true } }
      - { id: account, path: '/account/*rest', idle: 5m }
      - { id: poll, path: /notifications, activity: passive }
conditions:                                          # conditional access: \`when\` selects, \`require\` only tightens; mode: enforce | report
  - { id: off-network, when: { tags: [privileged], network: { notIn: [10.0.0.0/8] } }, require: { stepUp: { maxAge: 10m } }, mode: enforce }
exceptions:
  - { id: EX-7, app: storefront, routes: [account], allow: { idle: 30m }, reason: "call-centre headsets", owner: a@example.com,
      approvedBy: b@example.com, approvedAt: 2026-11-01, reviewBy: 2026-11-30, expires: 2026-12-31, compensating: { device: { trust: managed } } }
`;

describe('the example of the design', () => {
  test('loads as it stands', () => {
    const policy = parsePolicy(DESIGN, { file: 'session-policy.yaml' });
    expect([...policy.apps.keys()]).toEqual(['storefront']);
    expect(policy.notices).toEqual([
      'profiles.web.device: preset "staff-web" recommends device trust "bound"; this profile does not ask for it',
      'profiles.admin: no app uses this profile',
      'profiles.phone.device: preset "mobile" recommends device trust "attested"; this profile does not ask for it',
      'profiles.phone: no app uses this profile',
      'profiles.jobs: no app uses this profile',
      'conditions[0].when: selects no app yet',
    ]);
  });

  test('decides', () => {
    const request = { method: 'POST', host: 'shop.example.com', path: '/checkout/pay' };
    expect(decide(parsePolicy(DESIGN), { request }, 0)).toMatchObject({ outcome: 'challenge', app: 'storefront', route: 'pay' });
  });

  test('keeps dates as they are written', () => {
    expect(parsePolicy(DESIGN).document.exceptions?.[0]?.approvedAt).toBe('2026-11-01');
  });
});

const FAULTY = `version: 1
profiles:
  web: { preset: staff-web, idel: 5m, absolute: 900 }
  admin:
    preset: admin
    idle: 2h
apps:
  shop:
    profile: wbe
    match: { paths: [/shop] }
    routes:
      - id: pay
        path: /elsewhere
        stepUp: { level: aal9 }
      - id: pay
        path: /shop/pay
        idel: 5m
  console:
    profile: admin
    match: { paths: [/console] }
    routes:
      - { id: keys, path: /console/keys, idle: 3h }
exceptions:
  - id: EX-1
    app: shop
    allow: { idle: 1h }
    reason: because
    owner: a
    approvedBy: A
    approvedAt: 2026-01-01
    expires: 2025-01-01
`;

const PLACES = [
  [3, 'profiles.web.absolute'],
  [3, 'profiles.web.idel'],
  [6, 'profiles.admin.idle'],
  [9, 'apps.shop.profile'],
  [13, 'apps.shop.routes[0].path'],
  [14, 'apps.shop.routes[0].stepUp.level'],
  [15, 'apps.shop.routes[1].id'],
  [17, 'apps.shop.routes[1].idel'],
  [22, 'apps.console.routes[0].idle'],
  [29, 'exceptions[0].approvedBy'],
  [31, 'exceptions[0].expires'],
];

describe('a document with many faults', () => {
  test('is told all of them at once, with file, line, path and suggestion, in the order of the lines', () => {
    const faults = faultsOf(() => parsePolicy(FAULTY, { file: 'faulty.yaml' }));
    expect(faults.map(({ line, path }) => [line, path])).toEqual(PLACES);
    expect(faults.every(({ file }) => file === 'faulty.yaml')).toBe(true);
    expect(faults.find(({ path }) => path === 'apps.shop.profile')?.suggestion).toBe('web');
  });

  test('has each of them in the message of the error', () => {
    const lines = messageOf(() => parsePolicy(FAULTY, { file: 'faulty.yaml' })).split('\n');
    expect(lines[0]).toBe('the policy has 11 faults:');
    expect(lines).toContain('  faulty.yaml:3 profiles.web.idel: unknown key (did you mean "idle"?)');
    expect(lines).toHaveLength(12);
  });

  test('has the lines of JSON, too', () => {
    const text = JSON.stringify(changed(validDocument(), { 'profiles.web.idel': '5m', 'exceptions.0.expires': 'never' }), null, 2);
    const line = (what: string): number => text.slice(0, text.indexOf(what)).split('\n').length;
    const faults = faultsOf(() => parsePolicy(text, { file: 'policy.json' }));
    expect(faults.map((fault) => [fault.line, fault.path])).toEqual([
      [line('"idel"'), 'profiles.web.idel'],
      [line('"expires"'), 'exceptions[0].expires'],
    ]);
  });

  test('points to the innermost thing that is there, where something is missing', () => {
    const text = 'version: 1\nprofiles: { web: { preset: admin } }\napps:\n  shop: {}\n';
    expect(faultsOf(() => parsePolicy(text))).toEqual([{ line: 4, path: 'apps.shop.profile', message: 'is missing' }]);
  });

  test('finds lines behind an alias', () => {
    const text = 'version: 1\nprofiles:\n  web: &web { preset: admin,\n    idel: 5m }\n  two: *web\napps: { shop: { profile: web } }\n';
    const lines = faultsOf(() => parsePolicy(text)).map(({ line, path }) => [line, path]);
    expect(lines).toEqual([
      [4, 'profiles.web.idel'],
      [4, 'profiles.two.idel'],
    ]);
  });

  test('says without a file where it is all the same', () => {
    expect(messageOf(() => definePolicy(changed(validDocument(), { version: 2 })))).toBe('the policy has a fault:\n  version: 2 is not 1');
    const text = 'version: 2\nprofiles: {a: {preset: api}}\napps: {a: {profile: a}}';
    expect(messageOf(() => parsePolicy(text))).toBe('the policy has a fault:\n  line 1 version: 2 is not 1');
  });
});

describe('one fault does not make another', () => {
  const misspelt = { 'profiles.web.idle': undefined, 'profiles.web.idel': '12m', 'apps.shop.routes.1.idle': '20m' };

  test.each<[string, Record<string, unknown>, string[]]>([
    ['a faulty idle of the profile', { 'profiles.web.idle': 'x', 'apps.shop.routes.1.idle': '20m' }, ['profiles.web.idle']],
    ['a misspelt idle is not the idle of the preset', misspelt, ['profiles.web.idel']],
    ['a faulty preset', { 'profiles.kiosk.preset': 'kisok' }, ['profiles.kiosk.preset']],
    ['a faulty profile is still a name', { 'profiles.api': 5 }, ['profiles.api']],
    ['a faulty app is still a name', { 'apps.shop': 5 }, ['apps.shop']],
    ['faulty levels', { assurance: 'aal1' }, ['assurance']],
    ['faulty routes', { 'apps.shop.routes': 'none' }, ['apps.shop.routes']],
    ['a faulty match', { 'apps.shop.match': 5 }, ['apps.shop.match']],
    ['faulty tags', { 'apps.console.tags': 5 }, ['apps.console.tags']],
    [
      'faulty dates',
      { 'exceptions.0.approvedAt': 'x', 'exceptions.0.reviewBy': 'y' },
      ['exceptions[0].approvedAt', 'exceptions[0].reviewBy'],
    ],
    [
      'a faulty route keeps the places of the others',
      { 'apps.shop.routes.0': 5, 'apps.shop.routes.2.id': '/' },
      ['apps.shop.routes[0]', 'apps.shop.routes[2].id'],
    ],
    ['a faulty device', { 'profiles.admin.device': 'bound' }, ['profiles.admin.device']],
    ['no profiles', { profiles: undefined }, ['profiles']],
    ['a bad name with a fault inside', { 'profiles.9': { preset: 'x' } }, ['profiles["9"]', 'profiles["9"].preset']],
  ])('%s', (_what, changes, places) => {
    expect(validatePolicy(changed(validDocument(), changes)).faults.map(({ path }) => path)).toEqual(places);
  });
});

describe('notices', () => {
  const departure = { 'profiles.web.idle': '20m', 'profiles.web.because': 'long forms', exceptions: [] };
  const kioskStepUp = { 'apps.desk.routes': [{ id: 'x', path: '/desk/x', stepUp: { maxAge: '1m' } }] };

  test.each<[string, Record<string, unknown>, RegExp]>([
    ['a justified departure', departure, /^profiles\.web\.idle: 20m is looser than 15m.*because: long forms/],
    ['an unused profile', { 'profiles.spare': { preset: 'api' } }, /^profiles\.spare: no app uses/],
    ['trust that the preset recommends', {}, /^profiles\.web\.device: .*"bound"/],
    ['a cookie over http', { 'profiles.plain.cookie': { secure: false } }, /^profiles\.plain\.cookie\.secure: .*http/],
    ['a cookie without effect', { 'profiles.api.cookie': { persistent: true } }, /^profiles\.api\.cookie: has no effect/],
    ['no absolute timeout', { 'profiles.plain.absolute': undefined }, /^profiles\.plain: has no absolute timeout/],
    ['no idle timeout', { 'profiles.plain.idle': undefined }, /^profiles\.plain: has no idle timeout/],
    ['a higher ceiling', { 'profiles.web.ceiling': { idle: '2h' } }, /^profiles\.web\.ceiling\.idle: is above the preset's ceiling of 1h/],
    ['a step-up on a kiosk', kioskStepUp, /routes\[0\]\.stepUp: is always refused/],
    ['a condition that refuses', { 'conditions.0.when': {} }, /^conditions\[0\]\.require\.stepUp: is always refused for "desk"/],
    ['a condition that changes nothing', { 'conditions.0.require': { idle: '6m' } }, /^conditions\[0\]\.require\.idle: changes nothing/],
    [
      'a device that is asked for already',
      { 'conditions.0.require': { device: { trust: 'known' } } },
      /^conditions\[0\]\.require\.device: changes nothing/,
    ],
    ['a condition that turns everybody away', { 'conditions.0.require': { subjects: ['agent'] } }, /turns everybody away/],
    ['a range with host bits', { 'conditions.0.when.network.notIn': ['10.1.2.3/8'] }, /"10\.1\.2\.3\/8" is taken as "10\.0\.0\.0\/8"/],
    ['a tag that is not yet there', { 'conditions.0.when': { tags: ['crown-jewels'] } }, /^conditions\[0\]\.when: selects no app yet/],
    [
      'a tag that differs in its number',
      { 'apps.console.tags': ['tier-1'], 'conditions.0.when': { tags: ['tier-2'] } },
      /^conditions\[0\]\.when: selects no app yet/,
    ],
    [
      'an app that takes all that is left',
      { 'apps.left': { profile: 'web', match: { order: 9 } } },
      /^apps\.left\.match: is missing: this app takes every/,
    ],
    ['sign-in over http', { 'apps.shop.loginUrl': 'http://id.example.com/' }, /plain http/],
  ])('%s', (_what, changes, notice) => {
    const { faults, notices } = validatePolicy(changed(validDocument(), changes));
    expect(faults).toEqual([]);
    expect(notices).toContainEqual(expect.stringMatching(notice));
  });

  test('an exception that has expired is no fault: a document has no clock', () => {
    const past = { 'exceptions.0.approvedAt': '2019-11-01', 'exceptions.0.reviewBy': '2019-11-30', 'exceptions.0.expires': '2019-12-31' };
    expect(validatePolicy(changed(validDocument(), past)).faults).toEqual([]);
  });

  test('a bound device may have the longer limits of its preset', () => {
    const phone = (device: object): Loose => ({ 'profiles.plain': { preset: 'mobile', idle: '14d', absolute: '30d', ...device } });
    expect(validatePolicy(changed(validDocument(), phone({ device: { trust: 'bound' } }))).faults).toEqual([]);
    expect(validatePolicy(changed(validDocument(), phone({}))).faults).toHaveLength(2);
  });
});

describe('the document of a policy', () => {
  test('has the same digest whatever the order of its keys', () => {
    const policy = definePolicy(validDocument());
    expect(definePolicy(reversed(validDocument())).digest).toBe(policy.digest);
    expect(parsePolicy(JSON.stringify(validDocument())).digest).toBe(policy.digest);
    expect(definePolicy(changed(validDocument(), { 'profiles.web.idle': '9m' })).digest).not.toBe(policy.digest);
  });

  test('is a frozen copy', () => {
    const own = validDocument();
    const policy = definePolicy(own);
    own.profiles.web.idle = '400d';
    expect(policy.document.profiles['web']?.idle).toBe('10m');
    expect(() => Object.assign(policy.document.profiles['web'] as object, { idle: '400d' })).toThrow(TypeError);
    expect(Object.isFrozen(policy.document.apps['shop']?.routes?.[0])).toBe(true);
    expect(Object.isFrozen(own.profiles)).toBe(false);
  });

  test('a field that is undefined is not there', () => {
    expect(definePolicy({ ...validDocument(), conditions: undefined } as Loose).document).not.toHaveProperty('conditions');
  });

  test('may name its schema, for editors', () => {
    expect(validatePolicy({ $schema: './session-policy.schema.json', ...validDocument() }).faults).toEqual([]);
  });
});

describe('the policy of one profile', () => {
  test('covers every request', () => {
    const request = { method: 'GET', host: 'anything.test', path: '/x' };
    expect(decide(profilePolicy('staff-web'), { request }, 0)).toMatchObject({ app: 'app', outcome: 'challenge' });
    expect(profilePolicy({ preset: 'staff-web', idle: '5m' }).apps.get('app')?.smallestIdleMs).toBe(300_000);
  });

  test.each<[string, Loose, string, string | undefined]>([
    ['a misspelt preset', 'staff-wbe', 'profile', 'staff-web'],
    ['a misspelt key', { preset: 'admin', idel: '5m' }, 'profile.idel', 'idle'],
    ['a bare number', { preset: 'admin', idle: 300 }, 'profile.idle', '300s'],
    ['nothing', undefined, 'profile', undefined],
    ['a number', 5, 'profile', undefined],
  ])('names the profile in its faults: %s', (_what, profile, path, suggestion) => {
    const [fault, ...more] = faultsOf(() => profilePolicy(profile));
    expect([fault?.path, fault?.suggestion, more]).toEqual([path, suggestion, []]);
  });
});

function reversed(value: Loose): Loose {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([key, inner]) => [key, reversed(inner)]));
}

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof PolicyError) return error.message;
  }
  return 'nothing was thrown';
}
