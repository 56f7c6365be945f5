import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { decide } from '../../lib/policy/decide.ts';
import type { Facts, RequestFacts, SessionFacts } from '../../lib/policy/facts.ts';
import { benchmarkPolicy } from './policy.ts';

/** Time and memory of one decision under a policy of 4 apps, 40 routes and 10 conditions. */

const NOW = 1_800_000_000_000;
const CALLS = 1_000_000;
const ROUNDS = 7;

const session: SessionFacts = {
  app: 'shop',
  profile: 'web',
  subject: { id: 'u1', kind: 'user' },
  createdAt: NOW - 3_600_000,
  authenticatedAt: NOW - 60_000,
  lastActiveAt: NOW - 30_000,
  longestGapMs: 30_000,
  levels: { aal1: NOW - 60_000 },
  methods: { pwd: NOW - 60_000 },
  spentAt: 0,
  device: undefined,
};

const CASES: readonly (readonly [string, Partial<RequestFacts>])[] = [
  ['a page that no route names', { path: '/shop' }],
  ['a page with a route', { path: '/shop/account/privacy' }],
  ['the same, in another case', { path: '/Shop/Account/Privacy' }],
  ['the same, with a slash at the end', { path: '/shop/account/privacy/' }],
  ['a POST with a step-up', { method: 'POST', path: '/shop/pay' }],
  ['a path with an encoded letter', { path: '/shop/account/p%72ivacy' }],
  ['a path made to be expensive', { path: `/shop/${'%25252e%25252e/%252fa;'.repeat(40)}` }],
];

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

for (const [name, request] of CASES) {
  const facts: Facts = { request: { method: 'GET', host: 'shop.example.com', path: '/', ...request }, session };
  const calls = request.path?.includes('%') === true ? CALLS / 50 : CALLS;
  run(facts, calls / 5);
  const times = Array.from({ length: ROUNDS }, () => nanoseconds(facts, calls)).sort((a, b) => a - b);
  const { outcome, reason } = decide(benchmarkPolicy, facts, NOW);
  console.log(
    `${name.padEnd(36)} ${(times[ROUNDS >> 1] as number).toFixed(0).padStart(7)} ns  ${bytes(facts, calls).toFixed(1).padStart(8)} B  ${outcome} (${reason})`,
  );
}

function run(facts: Facts, calls: number): void {
  for (let call = 0; call < calls; call += 1) decide(benchmarkPolicy, facts, NOW);
}

function nanoseconds(facts: Facts, calls: number): number {
  const before = process.hrtime.bigint();
  run(facts, calls);
  return Number(process.hrtime.bigint() - before) / calls;
}

/**
 * Bytes allocated by a call: what the heap has grown by, over few enough calls that nothing is collected in between. The least of
 * several rounds, since the compiler allocates too.
 */
function bytes(facts: Facts, calls: number): number {
  const few = Math.min(calls / 100, 5_000);
  const rounds = Array.from({ length: ROUNDS }, () => {
    collect();
    const before = getHeapStatistics().used_heap_size;
    run(facts, few);
    return (getHeapStatistics().used_heap_size - before) / few;
  });
  return Math.min(...rounds);
}
