import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Request } from 'express';
import session from 'express-session';
import type { SessionStore } from '../sessions/session-store.ts';
import type { ContractCase } from './contract-case.ts';

type Data = session.SessionData & Record<string, unknown>;

/** What holds when the store is given to express-session itself. */
export const PLAIN: readonly ContractCase[] = [
  {
    name: 'what is set can be got, by its own id alone',
    async run({ store }) {
      const sid = newSid();
      await set(store, sid, data({ cart: [1] }));
      const found = await get(store, sid);
      assert.deepEqual(found?.['cart'], [1]);
      assert.equal(found?.cookie.originalMaxAge, 60_000);
      assert.equal(await get(store, newSid()), null);
    },
  },
  {
    name: 'requests at the same time keep what each of them changed',
    async run({ store }) {
      const sid = newSid();
      await set(store, sid, data({ shared: 1 }));
      const [one, two] = [await load(store, sid), await load(store, sid)];
      Object.assign(one, { a: 1 });
      Object.assign(two, { b: 2 });
      delete two['shared'];
      await Promise.all([set(store, sid, one), set(store, sid, two)]);
      const { cookie: _cookie, ...rest } = (await get(store, sid)) as Data;
      assert.deepEqual(rest, { a: 1, b: 2 });
    },
  },
  {
    name: 'a slow request does not bring a destroyed session back',
    async run({ store }) {
      const sid = newSid();
      await set(store, sid, data({ user: 'u1' }));
      const slow = await load(store, sid);
      await call((done) => store.destroy(sid, done));
      await set(store, sid, Object.assign(slow, { late: true }));
      await call((done) => store.touch?.(sid, slow, done));
      assert.equal(await get(store, sid), null);
    },
  },
  {
    name: 'a session ends when its cookie would, and a touch moves that',
    async run({ store, advance }) {
      const sid = newSid();
      await set(store, sid, data({}));
      await advance(40_000);
      await call((done) => store.touch?.(sid, data({}), done));
      await advance(40_000);
      assert.notEqual(await get(store, sid), null);
      await advance(61_000);
      assert.equal(await get(store, sid), null);
    },
  },
  {
    name: 'setting it anew replaces what was there',
    async run({ store }) {
      const sid = newSid();
      await set(store, sid, data({ a: 1, b: 1 }));
      await set(store, sid, data({ b: 2 }));
      const { cookie: _cookie, ...rest } = (await get(store, sid)) as Data;
      assert.deepEqual(rest, { b: 2 });
    },
  },
];

function newSid(): string {
  return randomBytes(24).toString('base64url');
}

function data(entries: Readonly<Record<string, unknown>>): Data {
  return { cookie: Object.assign(new session.Cookie(), { originalMaxAge: 60_000 }), ...entries } as Data;
}

/** The session object that express-session would make for a request. */
async function load(store: SessionStore, sid: string): Promise<Data> {
  const found = (await get(store, sid)) as Data;
  return store.createSession({ sessionID: sid, sessionStore: store } as unknown as Request, found) as unknown as Data;
}

function get(store: SessionStore, sid: string): Promise<Data | null | undefined> {
  return call((done) => store.get(sid, done as (error: unknown, found?: session.SessionData | null) => void)) as Promise<
    Data | null | undefined
  >;
}

async function set(store: SessionStore, sid: string, value: session.SessionData): Promise<void> {
  await call((done) => store.set(sid, value, done));
}

function call(start: (done: (error?: unknown, value?: unknown) => void) => void): Promise<unknown> {
  return new Promise((resolve, reject) => {
    start((error, value) => (error ? reject(error as Error) : resolve(value)));
  });
}
