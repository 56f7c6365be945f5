import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compilePolicy } from '../../../lib/policy/compile.ts';
import { decide } from '../../../lib/policy/decide.ts';
import type { Decision } from '../../../lib/policy/decision.ts';
import type { SessionFacts } from '../../../lib/policy/facts.ts';
import type { EndReason } from '../../../lib/policy/reason.ts';
import { freshSession, LEVELS, MINUTE, NOW } from '../arbitraries.ts';
import { ABSOLUTE_MS, type Event, History, IDLE_MS, ROUTE_IDLE_MS, STEP_UP_MS } from './history.ts';

const policy = compilePolicy({
  version: 1,
  assurance: LEVELS,
  profiles: { web: { idle: `${IDLE_MS / MINUTE}m`, absolute: `${ABSOLUTE_MS / MINUTE}m` } },
  apps: {
    shop: {
      profile: 'web',
      routes: [
        { id: 'strict', path: '/strict', idle: `${ROUTE_IDLE_MS / MINUTE}m` },
        { id: 'recent', path: '/recent', stepUp: { maxAge: `${STEP_UP_MS / MINUTE}m` } },
        { id: 'strong', path: '/strong', stepUp: { maxAge: `${STEP_UP_MS / MINUTE}m`, level: 'aal2' } },
        { id: 'poll', path: '/poll', activity: 'passive' },
      ],
    },
  },
});

/** A record as a store keeps it: only the numbers that the decision is made from. */
class StoredSession {
  session: SessionFacts | undefined;
  ended: EndReason | undefined;

  authenticate(kind: 'sign-in' | 'reauthenticate', level: string, at: number): void {
    const { session } = this;
    if (kind === 'reauthenticate' && session === undefined) return;
    const kept = kind === 'reauthenticate' ? session : undefined;
    this.ended = undefined;
    this.session = freshSession({
      createdAt: kept?.createdAt ?? at,
      authenticatedAt: at,
      lastActiveAt: at,
      longestGapMs: 0,
      levels: { ...kept?.levels, [level]: at },
    });
  }

  request(path: string, now: number): string {
    const decision = decide(policy, { request: { method: 'GET', host: '', path }, session: this.session, ended: this.ended }, now);
    this.#carryOut(decision, now);
    return decision.reason;
  }

  #carryOut({ outcome, session: fate, reason, requirement }: Decision, now: number): void {
    const { session } = this;
    if (session === undefined) return;
    if (fate === 'end') {
      this.session = undefined;
      this.ended = reason as EndReason;
    } else if (outcome === 'allow' && requirement?.activity.value === 'active') {
      const longestGapMs = Math.max(session.longestGapMs, now - session.lastActiveAt);
      this.session = { ...session, lastActiveAt: now, longestGapMs };
    }
  }
}

const waits = fc.oneof(
  fc.integer({ min: 0, max: 20 * MINUTE }),
  fc.integer({ min: 0, max: 4 * MINUTE }),
  fc.constantFrom(ROUTE_IDLE_MS - 1, ROUTE_IDLE_MS, STEP_UP_MS, STEP_UP_MS + 1, IDLE_MS - 1, IDLE_MS),
);
const events: fc.Arbitrary<Event> = fc.oneof(
  { arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: waits }), weight: 5 },
  { arbitrary: fc.record({ kind: fc.constant('reauthenticate' as const), level: fc.constantFrom(...LEVELS) }), weight: 2 },
  { arbitrary: fc.record({ kind: fc.constant('sign-in' as const), level: fc.constantFrom(...LEVELS) }), weight: 1 },
  {
    arbitrary: fc.record({ kind: fc.constant('request' as const), path: fc.constantFrom('/', '/strict', '/recent', '/strong', '/poll') }),
    weight: 8,
  },
);

function play(story: readonly Event[]): { readonly told: string[]; readonly decided: string[] } {
  const history = new History();
  const record = new StoredSession();
  let now = NOW;
  const told: string[] = [];
  const decided: string[] = [];
  for (const event of story) {
    if (event.kind === 'wait') now += event.ms;
    else if (event.kind === 'request') {
      told.push(history.request(event.path, now));
      decided.push(record.request(event.path, now));
    } else {
      history.authenticate(event.kind, event.level, now);
      record.authenticate(event.kind, event.level, now);
    }
  }
  return { told, decided };
}

describe('any history of a session', () => {
  test('is decided as the laws tell it from the whole of it', () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 40, size: 'max' }), (story) => {
        const { told, decided } = play([{ kind: 'sign-in', level: 'aal1' }, ...story]);
        expect(decided).toEqual(told);
      }),
      { numRuns: 1_500 },
    );
  });

  const get = (path: string): Event => ({ kind: 'request', path });
  const wait = (minutes: number): Event => ({ kind: 'wait', ms: minutes * MINUTE });
  const signIn: Event = { kind: 'sign-in', level: 'aal1' };
  const again: Event = { kind: 'reauthenticate', level: 'aal1' };

  test.each<readonly [string, readonly Event[], readonly string[]]>([
    [
      'coming back after six minutes and browsing a lax page first does not open a five-minute route; authenticating does',
      [signIn, wait(6), get('/'), get('/strict'), again, get('/strict')],
      ['allowed', 'route_idle_timeout', 'allowed'],
    ],
    [
      'a refused request is no activity: a retry does not pass by having tried',
      [signIn, wait(4), get('/'), wait(6), get('/strict'), get('/strict'), wait(9), get('/')],
      ['allowed', 'route_idle_timeout', 'route_idle_timeout', 'idle_timeout'],
    ],
    ['polling keeps nobody signed in', [signIn, wait(10), get('/poll'), wait(5), get('/poll')], ['allowed', 'idle_timeout']],
    [
      'authenticating again and again does not outlive the absolute limit',
      [signIn, ...Array.from({ length: 12 }, () => [wait(10), again]).flat(), get('/')],
      ['absolute_timeout'],
    ],
    [
      'an ended session stays ended',
      [signIn, wait(15), get('/'), get('/'), again, get('/')],
      ['idle_timeout', 'idle_timeout', 'idle_timeout'],
    ],
    [
      'a weaker authentication does not renew a stronger one',
      [{ kind: 'sign-in', level: 'aal2' }, get('/strong'), wait(11), again, get('/strong'), get('/recent')],
      ['allowed', 'reauthentication_required', 'allowed'],
    ],
  ])('%s', (_law, story, expected) => {
    const { told, decided } = play(story);
    expect(decided).toEqual(expected);
    expect(told).toEqual(expected);
  });
});
