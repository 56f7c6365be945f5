import { randomBytes } from 'node:crypto';
import assert from 'node:assert/strict';
import type { Retention, SessionDraft, SessionRecord, SessionRef } from '../sessions/session-record.ts';
import type { CreateResult, SessionStore } from '../sessions/session-store.ts';

/** A store to be tested, empty, and what the suite may do to it. */
export interface StoreUnderTest {
  readonly store: SessionStore;
  /** Moves the store's clock on. */
  readonly advance: (ms: number) => void | Promise<void>;
  /** Closes the store and whatever was opened for it. */
  readonly close: () => void | Promise<void>;
}

/** A store whose storage can be written to behind its back. */
export interface CorruptibleStore extends StoreUnderTest {
  /** Puts any text in the place of a session, as a fault of storage would. */
  readonly corrupt: (ref: SessionRef, value: string) => Promise<void>;
}

/** One promise of the contract. */
export interface ContractCase<S extends StoreUnderTest = StoreUnderTest> {
  readonly name: string;
  readonly run: (subject: S) => Promise<void>;
}

export const RETENTION: Retention = { idleMs: 900_000, absoluteMs: 43_200_000 };
/** A clock that can't be stopped goes on while a case runs. */
const SLACK_MS = 3_000;

/** A reference that nothing is under, of a new tag unless one is given. */
export function newRef(place: { readonly tag?: string; readonly app?: string; readonly profile?: string } = {}): SessionRef {
  const { tag = randomBytes(12).toString('base64url'), app = 'shop', profile = 'web' } = place;
  return { app, profile, tag, digest: randomBytes(32).toString('base64url') };
}

/** A draft of a signed-in session. */
export function draft(changes: Partial<SessionDraft> = {}): SessionDraft {
  return { subject: { id: 'u1', kind: 'user' }, fresh: true, level: 'aal1', methods: ['pwd'], data: '{}', ...changes };
}

/** Data text of entries. */
export function dataOf(entries: Readonly<Record<string, unknown>>): string {
  const lines = Object.entries(entries).map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return `{${lines.join(',\n')}}`;
}

/** Creates a session that there must be room for. */
export async function begin(store: SessionStore, ref: SessionRef, changes: Partial<SessionDraft> = {}): Promise<SessionRecord> {
  return created(await store.create(ref, draft(changes), RETENTION)).record;
}

export function created(result: CreateResult): Extract<CreateResult, { outcome: 'created' }> {
  assert.equal(result.outcome, 'created');
  return result as Extract<CreateResult, { outcome: 'created' }>;
}

/** The live session under a reference. */
export async function mustRead(store: SessionStore, ref: SessionRef): Promise<SessionRecord> {
  const { record, ended } = await store.read(ref);
  assert.ok(record !== undefined, `there should be a session, but: ${ended ?? 'missing'}`);
  return record;
}

/** The data of a live session. */
export async function readData(store: SessionStore, ref: SessionRef): Promise<unknown> {
  return JSON.parse((await mustRead(store, ref)).data);
}

/** That a span of time is as long as the clock was moved, and no shorter. */
export function assertSpan(actual: number, expectedMs: number): void {
  assert.ok(actual >= expectedMs && actual <= expectedMs + SLACK_MS, `${actual} ms should be about ${expectedMs} ms`);
}

/** Everything in both places, in any order. */
export function assertSameRefs(actual: readonly { readonly ref: SessionRef }[], expected: readonly SessionRef[]): void {
  assert.deepEqual(actual.map(({ ref }) => ref.digest).sort(), expected.map(({ digest }) => digest).sort());
}

/** `count` results of the same call, all under way at once. */
export function inParallel<T>(count: number, call: (index: number) => Promise<T>): Promise<readonly T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => call(index)));
}
