import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compilePolicy } from '../../../lib/policy/compile.ts';
import { decide } from '../../../lib/policy/decide.ts';
import { type DeviceVoucher, isProven, type PresentedDevice, type SessionDevice } from '../../../lib/policy/device.ts';
import type { DeviceTrust, ProfileDocument } from '../../../lib/policy/document.ts';
import { boundBy, facts, freshSession, HOUR, MINUTE, NOW, PATHS, presentedDevices, sessionDevices } from '../arbitraries.ts';

const LEVELS = ['known', 'bound', 'attested', 'managed'] as const;
const levels = fc.constantFrom(...LEVELS);
const ages = fc.option(
  fc.integer({ min: 0, max: 15 }).map((minutes) => minutes * MINUTE),
  { nil: undefined },
);
const given = fc.record({ session: sessionDevices, presented: presentedDevices, trust: levels, maxAgeMs: ages });
type Given = typeof given extends fc.Arbitrary<infer T> ? T : never;

const proven = ({ session, presented, trust, maxAgeMs }: Given, now = NOW): boolean => isProven(session, presented, trust, maxAgeMs, now);

/** The rank of everything that is proved, with the age of the proof: plain, and written without a look at the code that is tested. */
function proofs({ session, presented }: Given): readonly { readonly rank: number; readonly age: number }[] {
  const found = [];
  const workplace = presented.workstation;
  if (workplace !== undefined && workplace.id === session.workstation?.id) found.push({ rank: 1, age: NOW - workplace.at });
  if (session.known !== undefined && session.known.id === presented.known) found.push({ rank: 1, age: NOW - session.known.at });
  const own = session.binding;
  const shown = own?.by === 'passkey' ? [own] : (presented.keys ?? []).filter((one) => `${one.by} ${one.key}` === `${own?.by} ${own?.key}`);
  for (const age of shown.map(({ provenAt }) => NOW - provenAt).filter((one) => one < 10 * MINUTE)) {
    found.push({ rank: 2, age });
    const vouched = (rank: number, voucher: DeviceVoucher | undefined): void => {
      if (voucher !== undefined && voucher.until > NOW) found.push({ rank, age: Math.max(age, NOW - voucher.at) });
    };
    vouched(3, session.attested);
    vouched(4, session.managed);
  }
  return found;
}

function isMet({ trust, maxAgeMs = Number.POSITIVE_INFINITY }: Given, found: ReturnType<typeof proofs>): boolean {
  return found.some(({ rank, age }) => rank > LEVELS.indexOf(trust) && age <= maxAgeMs);
}

function policyOf(profile: ProfileDocument, trust: DeviceTrust, minutes: number): ReturnType<typeof compilePolicy> {
  const device = { trust, ...(minutes === 0 ? {} : { maxAge: `${minutes}m` as const }) };
  return compilePolicy({
    version: 1,
    profiles: { web: profile },
    apps: {
      shop: {
        profile: 'web',
        routes: [
          { id: 'keys', path: '/keys', device },
          { id: 'help', path: '/help', access: 'public' },
        ],
      },
    },
  });
}

describe('a device has the trust that it proves, and no more', () => {
  test('what is let through has a proof of the level, of this session, that is recent enough; and what has one is let through', () => {
    fc.assert(
      fc.property(given, fc.nat(15), fc.constantFrom<ProfileDocument>({}, { transport: 'header' }), (one, minutes, profile) => {
        const maxAgeMs = minutes === 0 ? undefined : minutes * MINUTE;
        const device = { ...one.presented, fault: undefined };
        const request = { method: 'GET', host: '', path: '/keys' };
        const session = freshSession({ device: one.session });
        const { outcome } = decide(policyOf(profile, one.trust, minutes), { request, session, device }, NOW);
        const needsProof = profile.transport === 'header' && one.session.binding !== undefined && one.session.binding.by !== 'passkey';
        const found = proofs(one);
        const expected = isMet({ ...one, maxAgeMs }, found) && (!needsProof || found.some(({ rank }) => rank >= 2));
        expect(outcome === 'allow').toBe(expected);
      }),
      { numRuns: 400 },
    );
  });

  test('presenting less never proves more', () => {
    const parts = fc.subarray(['known', 'workstation', 'keys'] as const);
    fc.assert(
      fc.property(given, parts, fc.infiniteStream(fc.boolean()), (one, kept, keep) => {
        const { keys = [], ...presented } = one.presented;
        const less: PresentedDevice = {
          ...(kept.includes('known') ? { known: presented.known } : {}),
          ...(kept.includes('workstation') ? { workstation: presented.workstation } : {}),
          ...(kept.includes('keys') ? { keys: keys.filter(() => keep.next().value) } : {}),
        };
        if (proven({ ...one, presented: less })) expect(proven(one)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  test('a session that knows less of its device, or for a shorter time, is trusted no more', () => {
    const parts = fc.subarray(['known', 'binding', 'attested', 'managed'] as const);
    fc.assert(
      fc.property(given, parts, fc.nat(2 * HOUR), (one, kept, earlier) => {
        const shorter = (voucher: DeviceVoucher | undefined): DeviceVoucher | undefined =>
          voucher && { ...voucher, until: voucher.until - earlier };
        const known = { ...one.session, attested: shorter(one.session.attested), managed: shorter(one.session.managed) };
        const less: SessionDevice = Object.fromEntries(kept.map((part) => [part, known[part]]));
        if (proven({ ...one, session: less })) expect(proven(one)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  test('more trust, a shorter age and a later time are never easier to meet', () => {
    fc.assert(
      fc.property(given, levels, ages, fc.nat(HOUR), (one, trust, maxAgeMs, later) => {
        const higher = LEVELS.indexOf(trust) >= LEVELS.indexOf(one.trust);
        if (higher && proven({ ...one, trust })) expect(proven(one)).toBe(true);
        const shorter = maxAgeMs !== undefined && (one.maxAgeMs === undefined || maxAgeMs <= one.maxAgeMs);
        if (shorter && proven({ ...one, maxAgeMs })) expect(proven(one)).toBe(true);
        if (proven(one, NOW + later)) expect(proven(one)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });
});

describe('what proves nothing', () => {
  const { session, presented } = boundBy('dbsc', NOW - MINUTE);
  const attested = { at: NOW - MINUTE, until: NOW + HOUR };
  const isBound = (known: SessionDevice, shown: PresentedDevice, trust: DeviceTrust = 'bound'): boolean =>
    isProven(known, shown, trust, undefined, NOW);
  const keys = (over: object): PresentedDevice => ({ keys: presented.keys?.map((one) => ({ ...one, ...over })) });

  test('the proof of these tests is one, and holds what is vouched for', () => {
    expect([isBound(session, presented), isBound({ ...session, attested }, presented, 'attested')]).toEqual([true, true]);
  });

  test('each level is no more than it is', () => {
    const known = { session: { known: { id: 'device-1', at: NOW } }, presented: { known: 'device-1' } };
    expect(isBound(known.session, known.presented)).toBe(false);
    expect(isBound(session, presented, 'attested')).toBe(false);
    expect(isBound({ ...session, attested }, presented, 'managed')).toBe(false);
  });

  test.each<readonly [string, SessionDevice, PresentedDevice]>([
    ['no key at all', session, {}],
    ['the key of another session', session, keys({ key: 'key-2' })],
    ['a key of that thumbprint by another method', session, keys({ by: 'mtls' })],
    ['a browser key where a passkey is bound', { binding: { by: 'passkey', key: 'key-1', provenAt: NOW - HOUR } }, keys({ by: 'passkey' })],
    ['a key where the session is bound to none', { known: { id: 'device-1', at: NOW } }, { ...presented, known: 'device-1' }],
    ['a proof that is ten minutes old', session, keys({ provenAt: NOW - 10 * MINUTE })],
    ['a passkey that was used ten minutes ago', { binding: { by: 'passkey', key: 'key-1', provenAt: NOW - 10 * MINUTE } }, {}],
    ['an enrolled device', { known: { id: 'device-1', at: NOW } }, { known: 'device-1' }],
    ['an enrolled workstation', { workstation: { id: 'workstation-1' } }, { workstation: { id: 'workstation-1', at: NOW } }],
  ])('%s makes no bound device, nor one that is vouched for', (_what, known, shown) => {
    expect(isBound(known, shown)).toBe(false);
    for (const trust of ['attested', 'managed'] as const)
      expect([trust, isBound({ ...known, attested, managed: attested }, shown, trust)]).toEqual([trust, false]);
  });

  test.each([
    ['an expired voucher', { at: NOW - HOUR, until: NOW }],
    ['a voucher from the future', { at: NOW + HOUR, until: NOW + 2 * HOUR }],
  ])('%s is none', (_what, voucher) => {
    expect(isBound({ ...session, attested: voucher, managed: voucher }, presented, 'attested')).toBe(false);
  });

  test('a voucher is no younger than the proof of its key', () => {
    const old = boundBy('dbsc', NOW - 8 * MINUTE);
    const asked = (maxAgeMs: number): readonly boolean[] =>
      LEVELS.map((trust) => isProven({ ...old.session, managed: { at: NOW, until: NOW + HOUR } }, old.presented, trust, maxAgeMs, NOW));
    expect(asked(7 * MINUTE)).toEqual([false, false, false, false]);
    expect(asked(8 * MINUTE)).toEqual([true, true, true, true]);
  });

  test('the device that another session was enrolled on is not known', () => {
    const known = { id: 'device-1', at: NOW - HOUR };
    expect(isBound({ known }, { known: 'device-1' }, 'known')).toBe(true);
    for (const shown of [{ known: 'device-2' }, {}, undefined as never]) expect(isBound({ known }, shown, 'known')).toBe(false);
    expect(isBound({}, { known: 'device-1' }, 'known')).toBe(false);
  });
});

describe('a session that was begun on a workstation', () => {
  const at = (id: string): PresentedDevice => ({ workstation: { id, at: NOW - MINUTE } });

  test('has a known device there and nowhere else', () => {
    const session: SessionDevice = { workstation: { id: 'workstation-1' } };
    const isKnown = (known: SessionDevice | undefined, shown: PresentedDevice): boolean => isProven(known, shown, 'known', undefined, NOW);
    expect([isKnown(session, at('workstation-1')), isKnown(session, at('workstation-2')), isKnown(session, {})]).toEqual([
      true,
      false,
      false,
    ]);
    for (const known of [undefined, {}, { workstation: undefined }, { known: { id: 'workstation-1', at: NOW } }])
      expect(isKnown(known, at('workstation-1'))).toBe(false);
  });

  test('is nobody on another one, on public paths too, and is not ended', () => {
    const policy = policyOf({ preset: 'kiosk', device: { trust: 'known' } }, 'known', 0);
    fc.assert(
      fc.property(facts, sessionDevices, fc.constantFrom('/', '/help', '/keys', '/login'), (any, device, path) => {
        fc.pre(device.workstation?.id !== 'workstation-1');
        const presented = { ...any.device, fault: undefined, ...at('workstation-1') };
        const request = { ...any.request, path };
        const decision = decide(policy, { request, session: freshSession({ device }), device: presented }, NOW);
        expect([decision.session, decision.reason]).toEqual(['none', 'device_proof_missing']);
        const visitor = decide(policy, { request, device: presented }, NOW);
        expect(decision.outcome === 'allow').toBe(visitor.outcome === 'allow');
      }),
    );
  });
});

/** What happens to the device of one session. Everything of an attacker's is of another key, method, device or session. */
type Event =
  | { readonly kind: 'wait'; readonly minutes: number }
  | { readonly kind: 'enrol' | 'bind' | 'prove' }
  | { readonly kind: 'vouch'; readonly level: 'attested' | 'managed'; readonly minutes: number }
  | { readonly kind: 'attack'; readonly presented: PresentedDevice };

const events: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ kind: fc.constant('wait' as const), minutes: fc.nat(6) }),
  fc.record({ kind: fc.constantFrom('enrol' as const, 'bind' as const, 'prove' as const) }),
  fc.record({ kind: fc.constant('vouch' as const), level: fc.constantFrom('attested' as const, 'managed' as const), minutes: fc.nat(20) }),
  fc.record({
    kind: fc.constant('attack' as const),
    presented: presentedDevices.map(({ known, keys = [] }) => ({
      known: known === 'device-1' ? 'device-3' : known,
      keys: keys.map((one) => (one.by === 'dbsc' ? { ...one, key: 'key-2' } : one)),
    })),
  }),
);

describe('no sequence of events', () => {
  test('raises the trust of a device without the proof of that level', () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 20 }), (list) => {
        let now = NOW;
        let session: SessionDevice = {};
        let cookies: PresentedDevice = {};
        const done = { enrol: -1, bind: -1, prove: -1, attested: -1, managed: -1 };
        for (const event of list) {
          const bound = done.bind >= 0;
          if (event.kind === 'wait') now += event.minutes * MINUTE;
          if (event.kind === 'enrol') session = { ...session, known: { id: 'device-1', at: (done.enrol = now) } };
          if (event.kind === 'bind' && !bound) session = { ...session, ...boundBy('dbsc', (done.bind = now)).session };
          if (event.kind === 'prove') cookies = boundBy('dbsc', (done.prove = now)).presented;
          if (event.kind === 'vouch') {
            session = { ...session, [event.level]: { at: now, until: now + event.minutes * MINUTE } };
            done[event.level] = now + event.minutes * MINUTE;
          }
          const keyed = bound && done.prove > now - 10 * MINUTE;
          const own = { ...cookies, ...(done.enrol < 0 ? {} : { known: 'device-1' }) };
          const may = [done.enrol >= 0, keyed, keyed && done.attested > now, keyed && done.managed > now].lastIndexOf(true);
          const trust = (shown: PresentedDevice): number =>
            LEVELS.findLastIndex((level) => isProven(session, shown, level, undefined, now));
          if (event.kind === 'attack') expect(trust(event.presented)).toBe(-1);
          else if (event.kind !== 'bind') expect(trust(own)).toBe(may);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('a token that is bound to a key', () => {
  test('is nobody without the proof of that key, on public paths too', () => {
    const policy = policyOf({ transport: 'header' }, 'none', 0);
    fc.assert(
      fc.property(facts, sessionDevices, presentedDevices, fc.constantFrom('/', '/help', '/keys', '/login'), (any, device, shown, path) => {
        const own = device.binding;
        fc.pre(own !== undefined && own.by !== 'passkey');
        const presented = { ...shown, keys: (shown.keys ?? []).filter(({ by, key }) => by !== own.by || key !== own.key) };
        const request = { ...any.request, path };
        const decision = decide(policy, { request, session: freshSession({ device }), device: presented }, NOW);
        if (decision.outcome === 'allow') expect([decision.session, decision.reason]).toEqual(['none', 'device_proof_missing']);
        const visitor = decide(policy, { request, device: presented }, NOW);
        expect(decision.outcome === 'allow').toBe(visitor.outcome === 'allow');
      }),
    );
  });
});

describe('an app for enrolled workstations', () => {
  test.each<readonly [string, ProfileDocument]>([
    ['a kiosk', { preset: 'kiosk', device: { trust: 'known' } }],
    ['a public one', { access: 'public', shared: true, device: { trust: 'known' } }],
    ['one that asks for a key besides', { shared: true, device: { trust: 'bound' } }],
  ])('%s answers nothing else, sign-in and public pages included', (_what, profile) => {
    const policy = policyOf(profile, 'managed', 0);
    fc.assert(
      fc.property(facts, fc.constantFrom(...PATHS, '/help'), ({ session, ended, device, request }, path) => {
        const own = session && { ...session, app: 'shop', profile: 'web' };
        const { workstation: _, ...shown } = device ?? {};
        for (const presented of [shown, { ...shown, workstation: { id: 'workstation-1', at: NOW + HOUR } }]) {
          const decision = decide(policy, { request: { ...request, path }, session: own, ended, device: presented }, NOW);
          expect([decision.outcome, decision.reason]).toEqual(['deny', 'device_not_enrolled']);
        }
      }),
    );
  });

  test('no exception, condition, route or guard lets another device in', () => {
    const policy = compilePolicy({
      version: 1,
      profiles: { web: { preset: 'kiosk', device: { trust: 'known' } } },
      apps: { shop: { profile: 'web', routes: [{ id: 'all', path: '/*rest', access: 'public' }] } },
      conditions: [{ id: 'any', when: {}, require: { device: { trust: 'none' } } }],
    });
    const { session, presented } = boundBy('mtls', NOW);
    const managed = { at: NOW, until: NOW + HOUR };
    const request = { method: 'GET', host: '', path: '/x' };
    const inside = { request, session: freshSession({ device: { ...session, managed } }), device: presented };
    expect(decide(policy, inside, NOW, [{ source: 'guard:test', device: { trust: 'none' } }]).reason).toBe('device_not_enrolled');
  });
});
