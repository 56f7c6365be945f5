import type { ContractCase, CorruptibleStore, StoreUnderTest } from './contract-case.ts';
import { CREATION } from './contract-creation.ts';
import { DEVICES } from './contract-devices.ts';
import { ENDING } from './contract-ending.ts';
import { CORRUPTION, FAULTS } from './contract-faults.ts';
import { LIMITS } from './contract-limits.ts';
import { NEW_ID } from './contract-new-id.ts';
import { NOTES } from './contract-notes.ts';
import { PLAIN } from './contract-plain.ts';
import { REAUTHENTICATION } from './contract-reauthentication.ts';
import { ROTATION } from './contract-rotation.ts';
import { USES } from './contract-uses.ts';
import { WRITES } from './contract-writes.ts';

export type { CorruptibleStore, StoreUnderTest } from './contract-case.ts';

/** The two functions that the suite needs of a test runner; those of jest, vitest, mocha and node:test will do. */
export interface TestRunner {
  describe(name: string, body: () => void): unknown;
  test(name: string, body: () => Promise<void>): unknown;
}

const CHAPTERS: readonly (readonly [string, readonly ContractCase[]])[] = [
  ['creation', CREATION],
  ['limits', LIMITS],
  ['writes', WRITES],
  ['rotation', ROTATION],
  ['reauthentication', REAUTHENTICATION],
  ['a new id', NEW_ID],
  ['devices', DEVICES],
  ['ending', ENDING],
  ['notes', NOTES],
  ['ids used once', USES],
  ['faults', FAULTS],
  ['under express-session', PLAIN],
];

/**
 * The contract of `SessionStore` as tests, each on a store of its own.
 *
 * @param name Names the store in the report.
 * @param make Gives an empty store whose clock can be moved. `advance` moves it, `close` lets go of everything.
 * @param runner Default: the global `describe` and `test` (or `it`).
 * @throws {TypeError} if there is no test runner.
 * @example
 * describeSessionStore('memory', () => {
 *   const clock = manualClock();
 *   const store = memoryStore({ clock: clock.now });
 *   return { store, advance: clock.advance, close: () => store.close() };
 * });
 */
export function describeSessionStore(
  name: string,
  make: () => StoreUnderTest | Promise<StoreUnderTest>,
  runner: TestRunner = globalRunner(),
): void {
  runner.describe(`session store: ${name}`, () => {
    for (const [chapter, cases] of CHAPTERS) {
      runner.describe(chapter, () => {
        for (const one of cases) runner.test(one.name, () => runCase(one, make));
      });
    }
  });
}

/**
 * The part of the contract about stored values that are no longer sessions, for stores whose storage can be reached from outside.
 *
 * @param make Gives an empty store, and with `corrupt` a function that puts any text in the place of a session.
 * @throws {TypeError} if there is no test runner.
 * @example
 * describeCorruptSessions('files', async () => {
 *   const { store, folder } = await emptyFileStore();
 *   return { store, advance, close, corrupt: (ref, text) => writeFile(join(folder, ref.digest), text) };
 * });
 */
export function describeCorruptSessions(
  name: string,
  make: () => CorruptibleStore | Promise<CorruptibleStore>,
  runner: TestRunner = globalRunner(),
): void {
  runner.describe(`corrupt sessions: ${name}`, () => {
    for (const one of CORRUPTION) runner.test(one.name, () => runCase(one, make));
  });
}

async function runCase<S extends StoreUnderTest>(one: ContractCase<S>, make: () => S | Promise<S>): Promise<void> {
  const subject = await make();
  try {
    await one.run(subject);
  } finally {
    await subject.close();
  }
}

function globalRunner(): TestRunner {
  const { describe, test, it } = globalThis as Partial<TestRunner & { it: TestRunner['test'] }>;
  const run = test ?? it;
  if (describe === undefined || run === undefined) {
    throw new TypeError('describeSessionStore found no test runner: pass { describe, test } as the third argument');
  }
  return { describe, test: run };
}
