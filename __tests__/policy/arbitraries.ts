import fc from 'fast-check';
import { compilePolicy } from '../../lib/policy/compile.ts';
import type { BindingMethod, DeviceBinding, DeviceVoucher, PresentedDevice, SessionDevice } from '../../lib/policy/device.ts';
import type {
  ConditionDocument,
  DeviceTrust,
  ExceptionDocument,
  PolicyDocument,
  ProfileDocument,
  RouteDocument,
  StepUpDocument,
  SubjectKind,
} from '../../lib/policy/document.ts';
import type { Duration } from '../../lib/policy/duration.ts';
import type { Facts, RequestFacts, SessionFacts } from '../../lib/policy/facts.ts';
import type { Policy } from '../../lib/policy/policy.ts';
import type { Clause } from '../../lib/policy/requirement.ts';

/** The moment of the tests; nothing in them reads a clock. */
export const NOW: number = Date.UTC(2026, 10, 15);
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const LEVELS: readonly string[] = ['aal1', 'aal2', 'phishing-resistant'];

export const durations: fc.Arbitrary<Duration> = fc.constantFrom<Duration>('1m', '2m', '5m', '10m', '15m', '30m', '1h', '4h', '12h');
const trusts = fc.constantFrom<DeviceTrust>('known', 'bound', 'attested', 'managed');
const kinds = fc.constantFrom<SubjectKind[]>(['user'], ['user', 'service'], ['user', 'agent'], ['user', 'service', 'agent'], ['service']);
const methods = fc.subarray(['GET', 'POST', 'PUT', 'DELETE'], { minLength: 1 });
const amr = fc.subarray(['pwd', 'otp', 'hwk'], { minLength: 1 });

/** An object with any part of the given fields, none of them `undefined`. */
function some<T extends object>(
  model: { [K in keyof T]?: fc.Arbitrary<Exclude<T[K], undefined>> },
  required: (keyof T & string)[] = [],
): fc.Arbitrary<T> {
  return fc.record(model as never, { requiredKeys: required as never }) as unknown as fc.Arbitrary<T>;
}

const stepUps: fc.Arbitrary<StepUpDocument> = some<StepUpDocument>({
  maxAge: durations,
  level: fc.constantFrom(...LEVELS),
  amr,
  once: fc.boolean(),
});
const devices = some<{ trust: DeviceTrust; maxAge?: Duration }>({ trust: trusts, maxAge: durations }, ['trust']);

const milliseconds = fc.integer({ min: 1, max: 12 * 60 }).map((minutes) => minutes * MINUTE);
/** Mostly nothing. */
const rarely = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ arbitrary: fc.constant(undefined), weight: 5 }, { arbitrary, weight: 1 });
let made = 0;

/** Actions, and what can be confirmed for them. */
const ACTIONS = ['action-a', 'action-b'];
const BOUND_ACTIONS = ['action-a-values-1', 'action-a-values-2', 'action-b-values-1'];
const SCOPES = ['delete', 'export'];

/** Clauses as routes, conditions and guards make them; each from a source of its own. */
export const clauses: fc.Arbitrary<Clause> = some<Omit<Clause, 'source'>>({
  idleMs: milliseconds,
  idleScope: fc.constantFrom('session', 'route', 'both'),
  absoluteMs: milliseconds,
  stepUp: some<NonNullable<Clause['stepUp']>>({
    maxAgeMs: milliseconds,
    level: fc.constantFrom(...LEVELS, 'unheard-of'),
    amr,
    once: fc.boolean(),
    boundTo: fc.constantFrom(...BOUND_ACTIONS),
  }),
  device: some<NonNullable<Clause['device']>>({ trust: trusts, maxAgeMs: milliseconds }, ['trust']),
  subjects: kinds,
  access: fc.constant('authenticated'),
  passive: fc.boolean(),
  block: fc.constant(true),
  approval: fc.constantFrom(...SCOPES),
}).map((clause) => ({ ...clause, source: `guard:${(made += 1)}` }));

/** Clauses of guards that leave the door open wide enough for some requests to pass. */
export const guards: fc.Arbitrary<Clause> = fc.oneof(
  clauses.map(({ approval: _approval, ...clause }) => ({ ...clause, block: false })),
  fc.constantFrom(...SCOPES).map((approval): Clause => ({ source: 'guard:requireApproval', access: 'authenticated', approval })),
  milliseconds.map((idleMs): Clause => ({ source: 'guard:idleTimeout', idleMs, idleScope: 'route', access: 'authenticated' })),
  milliseconds.map((maxAgeMs): Clause => ({ source: 'guard:stepUp', stepUp: { maxAgeMs }, access: 'authenticated' })),
);

const profileFields = some<ProfileDocument>({
  access: fc.constantFrom('public', 'authenticated'),
  idle: fc.constantFrom<Duration>('15m', '1h', '12h'),
  absolute: fc.constantFrom<Duration>('1h', '12h', '24h'),
  absoluteFrom: fc.constantFrom('sign-in', 'reauthentication'),
  stepUpMaxAge: durations,
});

export const profiles: fc.Arbitrary<ProfileDocument> = fc
  .record({
    fields: profileFields,
    subjects: rarely(kinds),
    device: rarely(devices),
    stepUp: rarely(fc.oneof(stepUps, fc.constant('refused' as const))),
  })
  .map(({ fields, ...rest }) => ({ ...fields, ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) }));

const routeFields = fc.oneof(
  some<Omit<RouteDocument, 'id' | 'path'>>({
    methods,
    access: fc.constantFrom('public', 'authenticated'),
    activity: fc.constantFrom('active', 'passive'),
  }),
  some<Omit<RouteDocument, 'id' | 'path'>>({ idle: durations, stepUp: stepUps }),
  some<Omit<RouteDocument, 'id' | 'path'>>({
    methods,
    access: fc.constantFrom('public', 'authenticated'),
    idle: durations,
    stepUp: stepUps,
    device: devices,
    subjects: kinds,
    activity: fc.constantFrom('active', 'passive'),
  }),
);

const ROUTE_PATHS = ['/account{/*rest}', '/account/keys', '/pay/', '/poll', '/:page/edit', '/*rest'];
const routes: fc.Arbitrary<RouteDocument[]> = fc
  .array(fc.record({ path: fc.constantFrom(...ROUTE_PATHS), fields: routeFields }), { maxLength: 5 })
  .map((list) => list.map(({ path, fields }, index) => ({ id: `route-${index}`, path, ...fields })));

const conditions: fc.Arbitrary<ConditionDocument[]> = fc
  .array(
    fc.record({
      when: some<ConditionDocument['when']>({
        apps: fc.subarray(['shop', 'console'], { minLength: 1 }),
        profiles: fc.subarray(['web', 'staff'], { minLength: 1 }),
        tags: fc.subarray(['privileged', 'internal'], { minLength: 1 }),
        methods,
        subjects: kinds,
        network: some<NonNullable<ConditionDocument['when']['network']>>({
          in: fc.constant(['10.0.0.0/8']),
          notIn: fc.constant(['192.0.2.0/24']),
        }),
      }),
      require: some<ConditionDocument['require']>({
        idle: durations,
        absolute: durations,
        stepUp: stepUps,
        device: devices,
        subjects: kinds,
      }),
      mode: fc.constantFrom<'enforce' | 'report'>('enforce', 'report'),
    }),
    { maxLength: 3 },
  )
  .map((list) => list.map((condition, index) => ({ id: `condition-${index}`, ...condition })));

const days = (offset: number): string => new Date(NOW + offset * 24 * HOUR).toISOString().slice(0, 10);

/** Exceptions of the shop; some in force at `NOW`, some expired, unreviewed or not yet approved. */
export const exceptions: fc.Arbitrary<ExceptionDocument[]> = fc
  .array(
    fc.record({
      routes: fc.option(fc.subarray(['route-0', 'route-1', 'route-2'], { minLength: 1 }), { nil: undefined }),
      allow: some<ExceptionDocument['allow']>({ idle: durations, absolute: durations, stepUp: fc.record({ maxAge: durations }) }),
      approved: fc.integer({ min: -20, max: 2 }),
      review: fc.integer({ min: -3, max: 20 }),
      expires: fc.integer({ min: -3, max: 20 }),
      device: fc.option(devices, { nil: undefined }),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((list) =>
    list.map(({ routes: scope, allow, approved, review, expires, device }, index) => ({
      id: `EX-${index}`,
      app: 'shop',
      ...(scope === undefined ? {} : { routes: scope }),
      allow,
      reason: 'a reason',
      owner: 'a@example.com',
      approvedBy: 'b@example.com',
      approvedAt: days(approved),
      reviewBy: days(review),
      expires: days(expires),
      ...(device === undefined ? {} : { compensating: { device } }),
    })),
  );

/** Documents with two apps: a shop on its host, a console below `/admin` on another. */
export const documents: fc.Arbitrary<PolicyDocument> = fc
  .record({ web: profiles, staff: profiles, shopRoutes: routes, consoleRoutes: routes, conditions })
  .map(({ web, staff, shopRoutes, consoleRoutes, conditions: list }) => ({
    version: 1,
    assurance: LEVELS,
    profiles: { web, staff },
    apps: {
      shop: { profile: 'web', tags: ['customer-facing'], match: { hosts: ['shop.example.com'] }, routes: shopRoutes },
      console: { profile: 'staff', tags: ['privileged'], match: { hosts: ['staff.example.com'] }, routes: consoleRoutes },
    },
    conditions: list,
  }));

export const PATHS: readonly string[] = [
  '/',
  '/account',
  '/account/keys',
  '/account/keys/edit',
  '/pay',
  '/poll',
  '/login',
  '/reauthenticate',
  '/other',
  '/admin/edit',
];

export const requests: fc.Arbitrary<RequestFacts> = fc.record({
  method: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'QUERY', 'TRACE'),
  overrideMethod: fc.option(fc.constantFrom('GET', 'PUT', 'DELETE'), { nil: undefined }),
  host: fc.oneof(
    { arbitrary: fc.constantFrom('shop.example.com', 'SHOP.example.com:443', 'shop.example.com.'), weight: 4 },
    { arbitrary: fc.constantFrom('staff.example.com', 'other.example.com'), weight: 1 },
  ),
  path: fc.oneof(
    fc.constantFrom(...PATHS),
    fc.constantFrom('/account/', '//account', '/%61ccount', '/x/../account', '/Account;x/keys', '/login/'),
  ),
  action: fc.option(fc.constantFrom(...ACTIONS), { nil: undefined }),
  ip: fc.option(fc.constantFrom('10.1.2.3', '::ffff:10.1.2.3', '192.0.2.7', '2001:db8::1', 'unknown'), { nil: undefined }),
});

const ago = fc
  .oneof({ arbitrary: fc.integer({ min: 0, max: 90 }), weight: 3 }, fc.integer({ min: 0, max: 14 * 60 }))
  .map((minutes) => NOW - minutes * MINUTE);
const everOrNever = fc.oneof({ arbitrary: ago, weight: 4 }, fc.constant(0));

const vouchers: fc.Arbitrary<DeviceVoucher> = fc.record({ at: ago, until: fc.constantFrom(NOW - 1, NOW, NOW + MINUTE, NOW + HOUR) });
const bindings: fc.Arbitrary<DeviceBinding> = fc.record({
  by: fc.constantFrom<BindingMethod>('dbsc', 'dpop', 'mtls', 'passkey'),
  key: fc.constantFrom('key-1', 'key-2'),
  provenAt: fc.oneof(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 14 * 60 })).map((minutes) => NOW - minutes * MINUTE),
});

const workstationIds = fc.constantFrom('workstation-1', 'workstation-2');

/** What a session knows of its device; often the very device that `presentedDevices` are of. */
export const sessionDevices: fc.Arbitrary<SessionDevice> = fc.record({
  known: fc.option(fc.record({ id: fc.constantFrom('device-1', 'device-2'), at: ago }), { nil: undefined }),
  binding: fc.option(bindings, { nil: undefined }),
  attested: fc.option(vouchers, { nil: undefined }),
  managed: fc.option(vouchers, { nil: undefined }),
  workstation: fc.option(fc.record({ id: workstationIds }), { nil: undefined }),
});

/** What a request can have proved of its device. */
export const presentedDevices: fc.Arbitrary<PresentedDevice> = fc.record({
  known: fc.option(fc.constantFrom('device-1', 'device-2'), { nil: undefined }),
  workstation: rarely(fc.record({ id: workstationIds, at: ago })),
  keys: fc.option(fc.array(bindings, { maxLength: 4 }), { nil: undefined }),
  fault: fc.oneof(
    { arbitrary: fc.constant(undefined), weight: 20 },
    fc.constantFrom<NonNullable<PresentedDevice['fault']>>('device_proof_invalid', 'device_nonce_required'),
  ),
});

/** Sessions in any state that a store could hand over at `NOW`; most of them of the shop. */
export const sessions: fc.Arbitrary<SessionFacts> = fc
  .record({
    home: fc.oneof(
      { arbitrary: fc.constant({ app: 'shop', profile: 'web' }), weight: 8 },
      { arbitrary: fc.record({ app: fc.constantFrom('shop', 'console'), profile: fc.constantFrom('web', 'staff') }), weight: 1 },
    ),
    subject: fc.oneof(
      { arbitrary: fc.constant({ id: 'u1', kind: 'user' as const }), weight: 6 },
      { arbitrary: fc.constantFrom({ id: 's1', kind: 'service' as const }, { id: 'a1', kind: 'agent' as const }, undefined), weight: 2 },
    ),
    createdAt: ago,
    authenticatedAt: everOrNever,
    lastActiveAt: ago,
    longestGapMs: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 90 })).map((minutes) => minutes * MINUTE),
    levels: fc.dictionary(fc.constantFrom(...LEVELS, 'retired-level'), ago),
    methods: fc.dictionary(fc.constantFrom('pwd', 'otp', 'hwk'), ago),
    spentAt: everOrNever,
    authenticatedFor: fc.option(fc.constantFrom(...BOUND_ACTIONS), { nil: undefined }),
    device: fc.option(sessionDevices, { nil: undefined }),
  })
  .map(({ home, ...session }) => ({ ...session, ...home }));

/** A session that is bound to a key, and a request that proves it. */
export function boundBy(by: Exclude<BindingMethod, 'passkey'>, provenAt: number): { session: SessionDevice; presented: PresentedDevice } {
  const binding = { by, key: 'key-1', provenAt };
  return { session: { binding }, presented: { keys: [binding] } };
}

/** Facts of a request; most have a session, few the tombstone of one. */
export const facts: fc.Arbitrary<Facts> = fc.record({
  request: requests,
  session: fc.oneof({ arbitrary: sessions, weight: 8 }, { arbitrary: fc.constant(undefined), weight: 1 }),
  approvals: fc.option(fc.dictionary(fc.constantFrom(...SCOPES), fc.constantFrom(NOW - 1, NOW, NOW + MINUTE)), { nil: undefined }),
  device: fc.option(presentedDevices, { nil: undefined }),
  ended: rarely(fc.constantFrom<NonNullable<Facts['ended']>>('signed_out', 'session_revoked', 'idle_timeout')),
});

/** Compiled `documents`; a counterexample shows the document. */
export const policies: fc.Arbitrary<Policy> = documents.map((document) => ({
  ...compilePolicy(document),
  [fc.toStringMethod]: () => JSON.stringify(document),
}));

/** A session of the shop of `documents`, signed in and used a moment ago. */
export function freshSession(over: Partial<SessionFacts> = {}): SessionFacts {
  return {
    app: 'shop',
    profile: 'web',
    subject: { id: 'u1', kind: 'user' },
    createdAt: NOW - 2 * MINUTE,
    authenticatedAt: NOW - MINUTE,
    lastActiveAt: NOW - 1_000,
    longestGapMs: 1_000,
    levels: { aal1: NOW - MINUTE },
    methods: { pwd: NOW - MINUTE },
    spentAt: 0,
    device: undefined,
    ...over,
  };
}
