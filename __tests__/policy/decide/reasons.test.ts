import { describe, expect, test } from '@jest/globals';
import { compilePolicy } from '../../../lib/policy/compile.ts';
import { decide } from '../../../lib/policy/decide.ts';
import type { BindingMethod, PresentedDevice, SessionDevice } from '../../../lib/policy/device.ts';
import type { Facts } from '../../../lib/policy/facts.ts';
import type { EndReason } from '../../../lib/policy/reason.ts';
import { explain } from '../../../lib/policy/explain.ts';
import { freshSession, HOUR, MINUTE, NOW } from '../arbitraries.ts';

const policy = compilePolicy({
  version: 1,
  profiles: {
    web: { idle: '15m', absolute: '8h', subjects: ['user'] },
    open: { access: 'public', idle: '15m', absolute: '8h', subjects: ['user'] },
    kiosk: { preset: 'kiosk' },
    ward: { preset: 'kiosk', device: { trust: 'known' } },
    phone: { transport: 'header', idle: '1h', absolute: '8h' },
    jobs: { preset: 'workload' },
  },
  apps: {
    shop: {
      profile: 'web',
      match: { paths: ['/shop'] },
      loginUrl: '/shop/login',
      routes: [
        {
          id: 'all',
          path: '/shop/all',
          idle: '5m',
          stepUp: { maxAge: '5m', level: 'aal2', amr: ['otp'] },
          device: { trust: 'bound' },
          subjects: ['user'],
        },
        { id: 'gap', path: '/shop/gap', idle: '5m' },
        { id: 'recent', path: '/shop/recent', stepUp: { maxAge: '5m' } },
        { id: 'strong', path: '/shop/strong', stepUp: { maxAge: '5m', level: 'aal2', amr: ['otp'] } },
        { id: 'device', path: '/shop/device', device: { trust: 'bound', maxAge: '1m' } },
        { id: 'vouched', path: '/shop/vouched', device: { trust: 'attested' } },
        { id: 'service', path: '/shop/service', subjects: ['service'] },
      ],
    },
    news: { profile: 'open', match: { paths: ['/news'] }, routes: [{ id: 'mine', path: '/news/mine', access: 'authenticated' }] },
    desk: {
      profile: 'kiosk',
      match: { paths: ['/desk'] },
      routes: [
        { id: 'pay', path: '/desk/pay', stepUp: {} },
        { id: 'gap', path: '/desk/gap', idle: '1m' },
        { id: 'help', path: '/desk/help', access: 'public' },
      ],
    },
    ward: {
      profile: 'ward',
      match: { paths: ['/ward'] },
      loginUrl: '/ward/login',
      routes: [{ id: 'help', path: '/ward/help', access: 'public' }],
    },
    phone: { profile: 'phone', match: { paths: ['/phone'] }, routes: [{ id: 'help', path: '/phone/help', access: 'public' }] },
    jobs: { profile: 'jobs', match: { paths: ['/jobs'] }, routes: [{ id: 'health', path: '/jobs/health', access: 'public' }] },
  },
  conditions: [{ id: 'closed', when: { apps: ['shop', 'news'], methods: ['DELETE'] }, require: { block: true } }],
});

type Over = Parameters<typeof freshSession>[0];
const facts = (path: string, session?: Over, ended?: EndReason, method = 'GET', device?: PresentedDevice): Facts => ({
  request: { method, host: 'example.com', path },
  ...(device === undefined ? {} : { device }),
  ...(session === undefined ? {} : { session: freshSession(session) }),
  ...(ended === undefined ? {} : { ended }),
});
const news = { app: 'news', profile: 'open' };
/** The same, from a device that the session is bound to, unless it says otherwise. */
const proved = (path: string, session: Over, device: PresentedDevice = { keys: [key] }): Facts =>
  facts(path, { device: { binding: key }, ...session }, undefined, 'GET', device);
const key = { by: 'dpop', key: 'key-1', provenAt: NOW } as const;
const otherKey = { ...key, key: 'key-2' };
const workstation = (at: number): PresentedDevice => ({ workstation: { id: 'workstation-1', at } });
const ward = { app: 'ward', profile: 'ward', device: { workstation: { id: 'workstation-1' } } };
const elsewhere = { ...ward, device: { workstation: { id: 'workstation-2' } } };
const phone = { app: 'phone', profile: 'phone' };
const desk = { app: 'desk', profile: 'kiosk' };

/** Facts, and what is decided on them: outcome, reason, what becomes of the session, how a challenge is met. */
const TABLE: readonly (readonly [string, Facts, string])[] = [
  ['a good session', facts('/shop', {}), 'allow allowed keep -'],
  ['no session', facts('/shop'), 'challenge session_missing none sign-in'],
  ['no session on a public page', facts('/news'), 'allow allowed none -'],
  ['no session on a closed page of a public app', facts('/news/mine'), 'challenge session_missing none sign-in'],
  ['a session on a public page', facts('/news', news), 'allow allowed keep -'],
  ['nobody signed in yet', facts('/shop', { subject: undefined }), 'challenge session_missing keep sign-in'],
  ['nobody signed in yet, on a public page', facts('/news', { ...news, subject: undefined }), 'allow allowed keep -'],
  ['a path of no app', facts('/elsewhere', {}), 'deny app_unknown none -'],
  ['a path of several apps', facts('/shop/../news', {}), 'deny path_ambiguous none -'],
  ['a blocking condition', facts('/shop', {}, undefined, 'DELETE'), 'deny condition_blocked keep -'],
  ['a blocking condition on a public page', facts('/news', undefined, undefined, 'DELETE'), 'deny condition_blocked keep -'],
  ['a blocking condition on the sign-in page', facts('/shop/login', undefined, undefined, 'DELETE'), 'deny condition_blocked keep -'],
  ['a job without a token', facts('/jobs'), 'deny workload_token_required none -'],
  ['a job with a session', facts('/jobs', { app: 'jobs', profile: 'jobs' }), 'deny workload_token_required none -'],
  ['an open path of a jobs app', facts('/jobs/health'), 'deny workload_token_required none -'],
  ['a tombstone', facts('/shop', undefined, 'signed_out'), 'deny signed_out none sign-in'],
  ['a tombstone on a public page', facts('/news', undefined, 'session_revoked'), 'allow session_revoked none -'],
  ['a tombstone beside a session', facts('/shop', {}, 'context_changed'), 'deny context_changed none sign-in'],
  ['a session of another app', facts('/shop', news), 'challenge session_missing none sign-in'],
  ['a session of another profile', facts('/shop', { profile: 'open' }), 'challenge session_missing none sign-in'],
  ['a session of another app on a public page', facts('/news', {}), 'allow session_invalid none -'],
  ['a record from the future', facts('/shop', { createdAt: NOW + HOUR }), 'deny session_invalid none sign-in'],
  ['a record from the future on a public page', facts('/news', { ...news, lastActiveAt: NOW + HOUR }), 'allow session_invalid none -'],
  ['a subject of the wrong kind', facts('/shop', { subject: { id: 's', kind: 'service' } }), 'deny subject_kind_refused keep -'],
  ['a subject of the wrong kind for a route', facts('/shop/service', {}), 'deny subject_kind_refused keep -'],
  [
    'a subject of the wrong kind on a public page',
    facts('/news', { ...news, subject: { id: 'a', kind: 'agent' } }),
    'allow subject_kind_refused none -',
  ],
  ['too old', facts('/shop', { createdAt: NOW - 8 * HOUR }), 'deny absolute_timeout end sign-in'],
  ['too old, on a public page', facts('/news', { ...news, createdAt: NOW - 8 * HOUR }), 'allow absolute_timeout end -'],
  ['away too long', facts('/shop', { lastActiveAt: NOW - 15 * MINUTE, createdAt: NOW - HOUR }), 'deny idle_timeout end sign-in'],
  ['away too long, on a public page', facts('/news', { ...news, lastActiveAt: NOW - 15 * MINUTE }), 'allow idle_timeout end -'],
  ['away too long, on the sign-in page', facts('/shop/login', { lastActiveAt: NOW - 15 * MINUTE }), 'allow idle_timeout end -'],
  ['away too long for a route', facts('/shop/gap', { lastActiveAt: NOW - 5 * MINUTE }), 'challenge route_idle_timeout keep step-up'],
  ['away too long for a route, before', facts('/shop/gap', { longestGapMs: 5 * MINUTE }), 'challenge route_idle_timeout keep step-up'],
  [
    'authenticated too long ago',
    facts('/shop/recent', { authenticatedAt: NOW - 6 * MINUTE }),
    'challenge reauthentication_required keep step-up',
  ],
  ['never authenticated actively', facts('/shop/recent', { authenticatedAt: 0 }), 'challenge reauthentication_required keep step-up'],
  ['a level never reached', facts('/shop/strong', {}), 'challenge assurance_insufficient keep step-up'],
  ['a method never used', facts('/shop/strong', { levels: { aal2: NOW } }), 'challenge assurance_insufficient keep step-up'],
  [
    'a level reached too long ago',
    facts('/shop/strong', { levels: { aal2: NOW - 6 * MINUTE }, methods: { otp: NOW } }),
    'challenge reauthentication_required keep step-up',
  ],
  [
    'a method used too long ago',
    facts('/shop/strong', { levels: { aal2: NOW }, methods: { otp: NOW - 6 * MINUTE } }),
    'challenge reauthentication_required keep step-up',
  ],
  ['a device that proved nothing', facts('/shop/device', {}), 'challenge device_trust_insufficient keep device'],
  [
    'a device that proved too little',
    proved('/shop/device', { device: { known: { id: 'device-1', at: NOW } } }, { known: 'device-1' }),
    'challenge device_trust_insufficient keep device',
  ],
  [
    'a device that proved it too long ago',
    proved('/shop/device', {}, { keys: [{ ...key, provenAt: NOW - 2 * MINUTE }] }),
    'challenge device_trust_insufficient keep device',
  ],
  ['a device that proves another key', proved('/shop/device', {}, { keys: [otherKey] }), 'challenge device_trust_insufficient keep device'],
  ['a device that proves the key', proved('/shop/device', {}), 'allow allowed keep -'],
  [
    'a device that proved more',
    proved('/shop/device', { device: { binding: key, managed: { at: NOW, until: NOW + HOUR } } }),
    'allow allowed keep -',
  ],
  ['a proof that is none', proved('/shop', {}, { keys: [key], fault: 'device_proof_invalid' }), 'deny device_proof_invalid keep -'],
  [
    'a proof without the nonce, of nobody',
    facts('/news', undefined, undefined, 'GET', { fault: 'device_nonce_required' }),
    'deny device_nonce_required keep -',
  ],
  ['a token that is bound to a key, without its proof', proved('/phone', phone, {}), 'deny device_proof_missing none -'],
  [
    'a token that is bound to a key, with the proof of another',
    proved('/phone', phone, { keys: [otherKey] }),
    'deny device_proof_missing none -',
  ],
  ['a token that is bound to a key, on a public path', proved('/phone/help', phone, {}), 'allow device_proof_missing none -'],
  ['a token that is bound to a key, with its proof', proved('/phone', phone), 'allow allowed keep -'],
  ['a token that is bound to none', facts('/phone', phone), 'allow allowed keep -'],
  ['a cookie that is bound to a key, where no device is asked for', proved('/shop', {}, {}), 'allow allowed keep -'],
  ['a kiosk that is not enrolled', facts('/ward', ward), 'deny device_not_enrolled keep device'],
  ['a kiosk that is not enrolled, before the sign-in', facts('/ward/login'), 'deny device_not_enrolled keep device'],
  ['a kiosk that is not enrolled, on a public path', facts('/ward/help'), 'deny device_not_enrolled keep device'],
  [
    'a kiosk that is not enrolled, from the device of one person',
    proved('/ward', { ...ward, device: { known: { id: 'device-1', at: NOW }, binding: key } }, { known: 'device-1', keys: [key] }),
    'deny device_not_enrolled keep device',
  ],
  [
    'a kiosk that was enrolled in the future',
    facts('/ward', ward, undefined, 'GET', workstation(NOW + HOUR)),
    'deny device_not_enrolled keep device',
  ],
  ['a kiosk that is enrolled', facts('/ward', ward, undefined, 'GET', workstation(NOW)), 'allow allowed keep -'],
  ['the session of another kiosk', facts('/ward', elsewhere, undefined, 'GET', workstation(NOW)), 'deny device_proof_missing none sign-in'],
  [
    'the session of another kiosk, on a public path',
    facts('/ward/help', elsewhere, undefined, 'GET', workstation(NOW)),
    'allow device_proof_missing none -',
  ],
  [
    'a session of no kiosk, at one',
    facts('/ward', { ...ward, device: undefined }, undefined, 'GET', workstation(NOW)),
    'deny device_proof_missing none sign-in',
  ],
  [
    'a kiosk that is enrolled, before the sign-in',
    facts('/ward/login', undefined, undefined, 'GET', workstation(NOW)),
    'allow allowed none -',
  ],
  ['what needs a step-up at a kiosk, however fresh', facts('/desk/pay', desk), 'deny step_up_refused keep -'],
  ['what asks about the gap at a kiosk', facts('/desk/gap', { ...desk, longestGapMs: MINUTE }), 'deny step_up_refused keep -'],
  ['anything else at a kiosk', facts('/desk', desk), 'allow allowed keep -'],
  ['a public page at a kiosk', facts('/desk/help'), 'allow allowed none -'],
];

describe('every outcome has its reason', () => {
  test.each(TABLE)('%s', (_what, given, expected) => {
    const { outcome, reason, session, challenge } = decide(policy, given, NOW);
    expect(`${outcome} ${reason} ${session} ${challenge?.kind ?? '-'}`).toBe(expected);
  });

  test('the table has every reason that is decided here', () => {
    const decided = new Set(TABLE.map(([, , expected]) => expected.split(' ')[1]));
    for (const reason of [
      'allowed app_unknown path_ambiguous session_missing subject_kind_refused workload_token_required condition_blocked session_invalid',
      'idle_timeout absolute_timeout route_idle_timeout reauthentication_required assurance_insufficient step_up_refused device_trust_insufficient',
      'device_proof_missing device_proof_invalid device_nonce_required device_not_enrolled',
    ].flatMap((list) => list.split(' ')))
      expect(decided).toContain(reason);
  });

  test.each([
    'signed_out',
    'session_revoked',
    'session_rotated',
    'session_limit',
    'idle_timeout',
    'absolute_timeout',
    'context_changed',
    'session_invalid',
  ] as const)('a tombstone that says %s is the reason', (ended) => {
    expect(decide(policy, facts('/shop', undefined, ended), NOW).reason).toBe(ended);
  });

  test('a challenge says how it can be met', () => {
    expect(decide(policy, facts('/shop/strong', {}), NOW).challenge).toEqual({
      kind: 'step-up',
      maxAgeMs: 5 * MINUTE,
      level: 'aal2',
      amr: ['otp'],
    });
    expect(decide(policy, facts('/shop'), NOW).challenge).toEqual({ kind: 'sign-in', maxAgeMs: undefined, level: undefined, amr: [] });
  });

  test('a decision names app, profile, routes and policy', () => {
    const { app, profile, route, routes, exceptions, policyDigest } = decide(policy, facts('/shop/all', {}), NOW);
    expect({ app, profile, route, routes, exceptions, policyDigest }).toEqual({
      app: 'shop',
      profile: 'web',
      route: 'all',
      routes: ['all'],
      exceptions: [],
      policyDigest: policy.digest,
    });
    expect(decide(policy, facts('/elsewhere'), NOW)).toMatchObject({
      app: undefined,
      profile: undefined,
      requirement: undefined,
      policyDigest: policy.digest,
    });
  });
});

describe('the first check that fails decides', () => {
  /** From everything wrong to nothing wrong: each step mends what the step before was about. */
  const MENDED: readonly (readonly [reason: string, Over, EndReason | undefined, method: string, device?: PresentedDevice])[] = [
    ['condition_blocked', {}, 'signed_out', 'DELETE', { fault: 'device_proof_invalid' }],
    ['device_proof_invalid', {}, 'signed_out', 'GET', { fault: 'device_proof_invalid' }],
    ['signed_out', {}, 'signed_out', 'GET'],
    ['session_missing', {}, undefined, 'GET'],
    ['session_invalid', { app: 'shop' }, undefined, 'GET'],
    ['subject_kind_refused', { longestGapMs: 9 * MINUTE }, undefined, 'GET'],
    ['absolute_timeout', { subject: { id: 'u', kind: 'user' } }, undefined, 'GET'],
    ['idle_timeout', { createdAt: NOW - HOUR }, undefined, 'GET'],
    ['route_idle_timeout', { lastActiveAt: NOW }, undefined, 'GET'],
    ['assurance_insufficient', { longestGapMs: 0 }, undefined, 'GET'],
    ['reauthentication_required', { levels: { aal2: NOW - HOUR }, methods: { otp: NOW } }, undefined, 'GET'],
    ['device_trust_insufficient', { levels: { aal2: NOW } }, undefined, 'GET'],
    ['allowed', { device: { binding: key } }, undefined, 'GET', { keys: [key] }],
  ];
  const broken = {
    app: 'news',
    subject: { id: 's', kind: 'service' },
    createdAt: NOW - 9 * HOUR,
    lastActiveAt: NOW - HOUR,
    longestGapMs: -1,
    authenticatedAt: 0,
    levels: {},
    methods: {},
  } as const;

  test.each(MENDED.map((step, index) => [step[0], index] as const))('%s', (reason, index) => {
    const over = MENDED.slice(0, index + 1).reduce((all, [, fields]) => ({ ...all, ...fields }), { ...broken } as object);
    const [, , ended, method, device] = MENDED[index] as (typeof MENDED)[number];
    const given = facts('/shop/all', over, ended, method, device);
    expect(decide(policy, given, NOW).reason).toBe(reason);
    const failed = explain(policy, given, NOW).checks.filter(({ result }) => result === 'fail');
    expect(failed[0]?.reason ?? 'allowed').toBe(reason);
  });

  test('explain has every check, in the order in which they decide', () => {
    expect(explain(policy, facts('/shop', {}), NOW).checks.map(({ check }) => check)).toEqual(
      [
        'condition workload workstation proof ended presence origin workplace binding record subject absolute idle sign-in route-idle step-up device',
        'approval',
      ].flatMap((names) => names.split(' ')),
    );
  });

  test('explain skips what needs a session where there is none', () => {
    const results = explain(policy, facts('/news'), NOW).checks.map(({ check, result }) => `${check} ${result}`);
    const passed = ['condition', 'workload', 'workstation', 'proof', 'ended', 'presence'].map((check) => `${check} pass`);
    expect(results.slice(0, 7)).toEqual([...passed, 'origin skipped']);
  });

  test('explain says where nobody is signed in that a workstation is not enrolled and that a proof is none', () => {
    const failed = (given: Facts): readonly (string | undefined)[] =>
      explain(policy, given, NOW)
        .checks.filter(({ result }) => result === 'fail')
        .map(({ reason }) => reason);
    expect(failed(facts('/ward/login'))).toEqual(['device_not_enrolled']);
    expect(failed(facts('/news', undefined, undefined, 'GET', { fault: 'device_proof_invalid' }))).toEqual(['device_proof_invalid']);
  });

  test('explain says how much time is left of each limit', () => {
    const session = {
      createdAt: NOW - HOUR,
      lastActiveAt: NOW - MINUTE,
      authenticatedAt: NOW - 2 * MINUTE,
      levels: { aal2: NOW - 3 * MINUTE },
      methods: { otp: NOW },
    };
    expect(explain(policy, facts('/shop/all', session), NOW).left).toEqual({
      idleMs: 14 * MINUTE,
      routeIdleMs: 4 * MINUTE,
      absoluteMs: 7 * HOUR,
      stepUpMs: 2 * MINUTE,
      deviceMs: 0,
    });
    const { left } = explain(policy, facts('/shop/all', { longestGapMs: 5 * MINUTE }), NOW);
    expect([left.routeIdleMs, left.stepUpMs]).toEqual([0, 0]);
    expect(explain(policy, facts('/shop'), NOW).left).toEqual({
      idleMs: undefined,
      routeIdleMs: undefined,
      absoluteMs: undefined,
      stepUpMs: undefined,
      deviceMs: undefined,
    });
  });

  test('explain says when the device has to prove itself anew', () => {
    const left = (by: BindingMethod, path = '/shop/all', vouched: SessionDevice = {}): number | undefined => {
      const proof = { by, key: 'key-1', provenAt: NOW - 30_000 };
      return explain(policy, proved(path, { device: { binding: proof, ...vouched } }, { keys: [proof] }), NOW).left.deviceMs;
    };
    expect([left('dpop'), left('dbsc'), left('passkey')]).toEqual([undefined, 9.5 * MINUTE, 9.5 * MINUTE]);
    expect([left('dpop', '/shop/device'), left('dpop', '/shop')]).toEqual([30_000, undefined]);
    const managed = { at: NOW - HOUR, until: NOW + 2 * MINUTE };
    expect([left('dpop', '/shop/vouched', { managed }), left('dbsc', '/shop/vouched', { managed }), left('dpop', '/shop/vouched')]).toEqual(
      [2 * MINUTE, 2 * MINUTE, 0],
    );
    expect(left('passkey', '/shop/vouched', { managed: { ...managed, until: NOW + HOUR } })).toBe(9.5 * MINUTE);
  });
});
