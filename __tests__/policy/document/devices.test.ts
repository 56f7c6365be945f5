import { describe, expect, test } from '@jest/globals';
import { compilePolicy } from '../../../lib/policy/compile.ts';
import type { PolicyDocument, ProfileDocument } from '../../../lib/policy/document.ts';
import type { CompiledApp } from '../../../lib/policy/policy.ts';
import { profilePolicy } from '../../../lib/policy/profile-policy.ts';
import { validatePolicy } from '../../../lib/policy/validate.ts';
import { changed, type Loose, validDocument } from './documents.ts';

const PHONE = { preset: 'mobile', idle: '14d', absolute: '30d', device: { trust: 'bound' } };

/** The valid document with a profile of each transport that says all that it can about devices. */
function document(changes: Readonly<Record<string, unknown>> = {}): Loose {
  const base = changed(validDocument(), {
    'profiles.admin.dbsc': { proofLifetime: '5m' },
    'profiles.admin.deviceFallback': 'passkey',
    'profiles.admin.enrolment': { maxAge: '5m', level: 'aal2' },
    'profiles.phone': {
      ...structuredClone(PHONE),
      dpop: { window: '30s', nonce: 'required' },
      offline: { lease: '3d', scopes: ['visits:write'] },
      enrolment: { level: 'aal2' },
    },
    'profiles.jobs': { preset: 'workload' },
    'profiles.kiosk.device': { trust: 'known' },
    'apps.shop.deviceUrl': '/account/device/',
    'apps.shop.sessionUrl': '/session',
    'apps.console.sessionUrl': '/console/session',
  });
  return changed(base, changes);
}

type Row = readonly [what: string, changes: Readonly<Record<string, unknown>>, path: string, message: RegExp, suggestion?: string];

function check(rows: readonly Row[]): void {
  test.each(rows.map((row) => [row[0], row] as const))('%s', (_what, [, changes, path, message, suggestion]) => {
    const { faults } = validatePolicy(document(changes));
    expect(faults).toEqual([{ path, message: expect.stringMatching(message), ...(suggestion === undefined ? {} : { suggestion }) }]);
  });
}

test('the document that the rows below spoil is valid', () => {
  expect(validatePolicy(document()).faults).toEqual([]);
});

describe('what a profile says about devices', () => {
  const forBrowsers = /is for browsers, and the transport of this profile is "header"; leave it out/;
  const forNative = /is for native clients, and the transport of this profile is "cookie"/;
  check([
    ['browser keys for a native client', { 'profiles.phone.dbsc': { proofLifetime: '5m' } }, 'profiles.phone.dbsc', forBrowsers],
    ['no browser keys for a native client', { 'profiles.phone.dbsc': false }, 'profiles.phone.dbsc', forBrowsers],
    ['a fallback for a native client', { 'profiles.phone.deviceFallback': 'refuse' }, 'profiles.phone.deviceFallback', forBrowsers],
    ['DPoP for a browser', { 'profiles.admin.dpop': { nonce: 'required' } }, 'profiles.admin.dpop', forNative],
    ['an offline lease for a browser', { 'profiles.admin.offline': { lease: '1m', scopes: ['x'] } }, 'profiles.admin.offline', forNative],
    ['DPoP for a workload', { 'profiles.jobs.dpop': { window: '30s' } }, 'profiles.jobs.dpop', /transport of this profile is "token"/],
    ['enrolment for a workload', { 'profiles.jobs.enrolment': { maxAge: '1m' } }, 'profiles.jobs.enrolment', /is for sessions/],
    ['too short a proof', { 'profiles.admin.dbsc.proofLifetime': '299s' }, 'profiles.admin.dbsc.proofLifetime', /from 5m to 10m/, '5m'],
    ['too long a proof', { 'profiles.admin.dbsc.proofLifetime': '601s' }, 'profiles.admin.dbsc.proofLifetime', /from 5m to 10m/, '10m'],
    ['too long a window', { 'profiles.phone.dpop.window': '61s' }, 'profiles.phone.dpop.window', /more than 60s/, '60s'],
    ['a list for browser keys', { 'profiles.admin.dbsc': true }, 'profiles.admin.dbsc', /not an object or false/],
    ['DPoP that says nothing', { 'profiles.phone.dpop': {} }, 'profiles.phone.dpop', /must not be empty/],
    ['a lease of nothing', { 'profiles.phone.offline.scopes': [] }, 'profiles.phone.offline.scopes', /must not be empty/],
    [
      'a passkey for attestation',
      { 'profiles.admin.device.trust': 'attested' },
      'profiles.admin.deviceFallback',
      /a passkey proves a key and no more: it can't meet device trust "attested"/,
    ],
    [
      'a passkey on a shared device',
      { 'profiles.kiosk.deviceFallback': 'passkey' },
      'profiles.kiosk.deviceFallback',
      /not which workstation it is/,
    ],
    [
      'a passkey where step-ups are refused',
      { 'profiles.web.stepUp': 'refused', 'profiles.web.deviceFallback': 'passkey', exceptions: [] },
      'profiles.web.deviceFallback',
      /is a step-up, which this profile refuses/,
    ],
    [
      'a lease without a key',
      { 'profiles.phone': { ...PHONE, idle: '1h', absolute: '24h', device: undefined, offline: { lease: '30m', scopes: ['x'] } } },
      'profiles.phone.offline',
      /device: \{ trust: bound \}/,
    ],
    [
      'a lease of a device that is only known',
      { 'profiles.phone': { ...PHONE, idle: '1h', absolute: '24h', device: { trust: 'known' }, offline: { lease: '30m', scopes: ['x'] } } },
      'profiles.phone.offline',
      /is leased to a key of the device/,
    ],
    ['a lease longer than idle', { 'profiles.phone.idle': '2d' }, 'profiles.phone.offline.lease', /longer than the idle timeout of 2d/],
    [
      "a lease longer than the preset's idle",
      { 'profiles.phone.idle': undefined, 'profiles.phone.offline.lease': '61m' },
      'profiles.phone.offline.lease',
      /longer than the idle timeout of 1h/,
    ],
    [
      'a lease longer than absolute',
      { 'profiles.phone': { transport: 'header', absolute: '8h', device: { trust: 'bound' }, offline: { lease: '9h', scopes: ['x'] } } },
      'profiles.phone.offline.lease',
      /longer than the absolute timeout of 8h/,
    ],
    ['enrolment at an unknown level', { 'profiles.phone.enrolment.level': 'aal3' }, 'profiles.phone.enrolment.level', /no level/, 'aal1'],
    [
      'enrolment below the level of the profile',
      { 'profiles.admin.enrolment.level': 'aal1' },
      'profiles.admin.enrolment.level',
      /lower than "aal2"/,
    ],
    [
      'enrolment after an older authentication than counts',
      { 'profiles.phone.enrolment': { maxAge: '6m' } },
      'profiles.phone.enrolment.maxAge',
      /looser than profile "phone".*5m/,
    ],
    [
      'enrolment on a shared device',
      { 'profiles.kiosk.enrolment': { maxAge: '1m' } },
      'profiles.kiosk.enrolment',
      /an administrator enrols them/,
    ],
    [
      'enrolment where step-ups are refused',
      { 'profiles.web.stepUp': 'refused', 'profiles.web.enrolment': { maxAge: '1m' }, exceptions: [] },
      'profiles.web.enrolment',
      /is a step-up, which this profile refuses/,
    ],
  ]);

  test('no fault follows from another one', () => {
    const paths = (changes: Readonly<Record<string, unknown>>): readonly string[] =>
      validatePolicy(document(changes)).faults.map(({ path }) => path);
    expect(paths({ 'profiles.phone.device': 'bound' })).toEqual(['profiles.phone.device']);
    expect(paths({ 'profiles.phone.idle': 'x' })).toEqual(['profiles.phone.idle']);
    expect(paths({ 'profiles.phone.preset': 'mobil' })).toEqual(['profiles.phone.preset']);
    expect(paths({ 'profiles.phone.offline.lease': 3 })).toEqual(['profiles.phone.offline.lease']);
    expect(paths({ 'profiles.kiosk.stepUp': 'refuse', 'profiles.kiosk.shared': false, 'profiles.kiosk.enrolment': {} })).toEqual([
      'profiles.kiosk.stepUp',
    ]);
  });
});

describe('paths for answers of our own', () => {
  const second = { profile: 'web', match: { hosts: ['shop.example.com'], paths: ['/account/device'] } };
  check([
    ['device answers everywhere', { 'apps.shop.deviceUrl': '/' }, 'apps.shop.deviceUrl', /is every path of the app.*"\/device"/],
    ['the session everywhere', { 'apps.shop.sessionUrl': '/' }, 'apps.shop.sessionUrl', /is every path of the app.*"\/session"/],
    ['device answers elsewhere', { 'apps.shop.deviceUrl': 'https://id.example.com/device' }, 'apps.shop.deviceUrl', /not a path prefix/],
    [
      'device answers outside of the app',
      { 'apps.console.deviceUrl': '/device' },
      'apps.console.deviceUrl',
      /outside of the app.*"\/console"/,
    ],
    ['the session outside of the app', { 'apps.console.sessionUrl': '/consoles/session' }, 'apps.console.sessionUrl', /outside of the app/],
    [
      'device answers with another app',
      { 'apps.second': second, exceptions: [] },
      'apps.shop.deviceUrl',
      /belongs to app "second", which comes first/,
    ],
    [
      'the session of another app',
      { 'apps.second': { ...second, match: { ...second.match, paths: ['/session'] } } },
      'apps.shop.sessionUrl',
      /belongs to app "second"/,
    ],
    [
      'device answers on one of the hosts',
      { 'apps.shop.match.hosts': ['shop.example.com', 'shop.example.org'], 'apps.second': second },
      'apps.shop.deviceUrl',
      /belongs to app "second"/,
    ],
    ['device answers at the sign-in', { 'apps.shop.deviceUrl': '/Login/' }, 'apps.shop.deviceUrl', /is where loginUrl is/],
    ['the sign-in below device answers', { 'apps.shop.loginUrl': '/account/device/login' }, 'apps.shop.deviceUrl', /is where loginUrl is/],
    [
      'the session below device answers',
      { 'apps.shop.sessionUrl': '/account/device/session' },
      'apps.shop.deviceUrl',
      /is where sessionUrl is/,
    ],
    ['both at one path', { 'apps.shop.deviceUrl': '/session' }, 'apps.shop.deviceUrl', /is where sessionUrl is/],
    [
      'the session at the reauthentication',
      { 'apps.shop.reauthenticateUrl': '/session/' },
      'apps.shop.sessionUrl',
      /is where reauthenticateUrl is/,
    ],
    [
      'a route that asks in vain where the session is left',
      { 'apps.shop.routes.3': { id: 'out', path: '/session/sign-out', stepUp: { maxAge: '1m' }, device: { trust: 'bound' } } },
      'apps.shop.routes[3].path',
      /path of sessionUrl.*stepUp, device would never be asked/,
    ],
    [
      'a route that asks in vain where the session is kept',
      { 'apps.shop.routes.3': { id: 'stay', path: '/session/keep-alive', idle: '1m', device: { trust: 'bound' } } },
      'apps.shop.routes[3].path',
      /path of sessionUrl.*people leave their session: idle would/,
    ],
  ]);

  test('are known when they are not wrong', () => {
    const valid = [
      { 'apps.shop.routes.3': { id: 'out', path: '/session/sign-out', subjects: ['user'], activity: 'passive' } },
      { 'apps.shop.sessionUrl': '/Account/', 'apps.shop.deviceUrl': '/account/devices' },
      {
        'apps.left': { profile: 'web', match: { order: 9 }, deviceUrl: '/desk/device' },
        'apps.desk.match.paths': undefined,
        'apps.desk.match.hosts': ['desk.example.com'],
      },
    ];
    for (const changes of valid) expect(validatePolicy(document(changes)).faults).toEqual([]);
  });

  test('by default lie below the first path of the app', () => {
    const urls = [...compilePolicy(validatePolicy(document()).document as PolicyDocument).apps].map(
      ([name, { deviceUrl }]) => `${name} ${deviceUrl}`,
    );
    expect(urls).toEqual([
      'shop /account/device',
      'console /console/device',
      'desk /desk/device',
      'interface /device',
      'other /other/device',
    ]);
  });
});

describe('notices about devices', () => {
  const NOTICES: readonly (readonly [string, Readonly<Record<string, unknown>>, RegExp | string])[] = [
    ['a token that anybody can use', {}, /^profiles\.api\.device: asks for no key: whoever has a copy of a session's token can use it$/],
    [
      'a phone whose token anybody can use',
      { 'profiles.phone': { preset: 'mobile' } },
      /^profiles\.phone\.device: preset "mobile" recommends device trust "attested"; .*: whoever has a copy/,
    ],
    [
      'a kiosk on any device',
      { 'profiles.kiosk.device': undefined },
      /^profiles\.kiosk\.device: preset "kiosk" recommends device trust "known"; .*: anybody can use it from any device/,
    ],
    [
      'shared devices, whichever',
      { 'profiles.plain.shared': true },
      /^profiles\.plain\.device: asks for no enrolled device: anybody can use it/,
    ],
    [
      'a key of every session on a workstation',
      { 'profiles.kiosk.device.trust': 'bound' },
      /^profiles\.kiosk\.device\.trust: asks for an enrolled workstation, and/,
    ],
    [
      'browsers that can prove no key',
      { 'profiles.admin.dbsc': false, 'profiles.admin.deviceFallback': undefined },
      /^profiles\.admin\.dbsc: leaves browsers nothing but a client certificate/,
    ],
    [
      'an agent without a nonce',
      { 'profiles.plain': { preset: 'agent', dpop: { nonce: 'optional' } } },
      /^profiles\.plain\.dpop\.nonce: is required by preset "agent"/,
    ],
    [
      'a younger proof than browsers give',
      { 'profiles.admin.device.maxAge': '4m' },
      /^profiles\.admin\.device\.maxAge: is shorter than the 5m of a browser's proof/,
    ],
    [
      'a younger proof than browsers give, of a route',
      { 'apps.shop.routes.1.device': { trust: 'bound', maxAge: '9m' } },
      /^apps\.shop\.routes\[1\]\.device\.maxAge: is shorter than the 10m/,
    ],
    [
      'a native client whose proofs are good for every host name',
      {
        'profiles.api': { preset: 'api', device: { trust: 'bound' } },
        'apps.native': { profile: 'api', match: { paths: ['/native'], order: 1 } },
      },
      /^apps\.native\.match\.hosts: is missing, so a proof by DPoP is taken for every host name/,
    ],
    [
      'the same for one of its routes',
      {
        'apps.native': {
          profile: 'api',
          match: { paths: ['/native'], order: 1 },
          routes: [{ id: 'r', path: '/native/r', device: { trust: 'bound' } }],
        },
      },
      /^apps\.native\.match\.hosts: is missing/,
    ],
    [
      "a default path that is another app's",
      { 'apps.second': { profile: 'web', match: { hosts: ['shop.example.com'], paths: ['/device'] } }, 'apps.shop.deviceUrl': undefined },
      /^apps\.shop\.deviceUrl: is missing, and its default "\/device" belongs to app "second"/,
    ],
  ];

  test.each(NOTICES)('%s', (_what, changes, notice) => {
    const { faults, notices } = validatePolicy(document(changes));
    expect(faults).toEqual([]);
    expect(notices).toContainEqual(expect.stringMatching(notice));
  });

  test('there is none about host names where they are named, where nothing asks for a proof, and where no app is written', () => {
    const about = (notices: readonly string[]): readonly string[] => notices.filter((notice) => notice.includes('host name'));
    const native = { profile: 'api', match: { paths: ['/native'], order: 1 } };
    const bound = { preset: 'api', device: { trust: 'bound' } } as const;
    expect(about(validatePolicy(document({ 'apps.native': native })).notices)).toEqual([]);
    const named = { 'profiles.api': bound, 'apps.native': { ...native, match: { ...native.match, hosts: ['api.example.com'] } } };
    expect(about(validatePolicy(document(named)).notices)).toEqual([]);
    expect(about(profilePolicy(bound).notices)).toEqual([]);
  });

  test('there is none where nothing is amiss', () => {
    const about = validatePolicy(document()).notices.filter((notice) => /device|dbsc|dpop|proof/i.test(notice));
    expect(about).toEqual([
      'profiles.web.device: preset "staff-web" recommends device trust "bound"; this profile does not ask for it',
      "profiles.api.device: asks for no key: whoever has a copy of a session's token can use it",
      'profiles.phone.device: preset "mobile" recommends device trust "attested"; this profile does not ask for it',
    ]);
  });
});

describe('what is made of them', () => {
  const compiled = (profile: ProfileDocument, app: object = {}, rest: object = {}): CompiledApp =>
    compilePolicy({ version: 1, profiles: { p: profile }, apps: { a: { profile: 'p', ...app } }, ...rest }).apps.get('a') as CompiledApp;

  test('an enrolment asks for a recent authentication, whatever it leaves open', () => {
    const of = (profile: ProfileDocument): unknown => compiled(profile).profile.enrolment;
    expect(of({})).toEqual({ maxAgeMs: 900_000 });
    expect(of({ enrolment: { level: 'aal2' } })).toEqual({ maxAgeMs: 900_000, level: 'aal2' });
    expect(of({ enrolment: { maxAge: '1m' } })).toEqual({ maxAgeMs: 60_000 });
  });

  test('proofs of native clients count for a minute at most, with a nonce where preset or profile says so', () => {
    expect(compiled({ preset: 'mobile' }).profile.dpop).toEqual({ windowMs: 60_000, nonceRequired: false });
    expect(compiled({ preset: 'agent' }).profile.dpop.nonceRequired).toBe(true);
    expect(compiled({ preset: 'agent', dpop: { nonce: 'optional' } }).profile.dpop.nonceRequired).toBe(false);
    expect(compiled({ preset: 'mobile', dpop: { window: '10s', nonce: 'required' } }).profile.dpop).toEqual({
      windowMs: 10_000,
      nonceRequired: true,
    });
  });

  test('browsers register at sign-in where anything of the app asks for a key, or recommends one', () => {
    const bound = { device: { trust: 'bound' } } as const;
    const exception = {
      id: 'EX',
      app: 'a',
      allow: { idle: '1h' },
      reason: 'r',
      owner: 'o',
      approvedBy: 'b',
      approvedAt: '2026-01-01',
      expires: '2026-02-01',
    };
    const cases: readonly (readonly [string, CompiledApp, boolean | undefined])[] = [
      ['nothing', compiled({}), false],
      ['less', compiled({ device: { trust: 'known' } }), false],
      ['the profile', compiled(bound), true],
      ['a preset', compiled({ preset: 'admin' }), true],
      ['a kiosk', compiled({ preset: 'kiosk', device: { trust: 'known' } }), false],
      ['dbsc', compiled({ dbsc: { proofLifetime: '5m' } }), true],
      ['a route', compiled({}, { routes: [{ id: 'x', path: '/x', ...bound }] }), true],
      ['a condition', compiled({}, {}, { conditions: [{ id: 'c', when: {}, require: bound, mode: 'report' }] }), true],
      ['an exception', compiled({}, {}, { exceptions: [{ ...exception, compensating: bound }] }), true],
      ['a preset, but not wanted', compiled({ preset: 'admin', dbsc: false }), undefined],
      ['a native client', compiled({ preset: 'mobile', ...bound }), undefined],
    ];
    expect(cases.map(([what, { dbsc }]) => [what, dbsc?.atSignIn])).toEqual(cases.map(([what, , at]) => [what, at]));
    expect([compiled({}).dbsc?.proofMs, compiled({ dbsc: { proofLifetime: '5m' } }).dbsc?.proofMs]).toEqual([600_000, 300_000]);
  });
});
