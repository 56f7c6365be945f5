import { randomBytes } from 'node:crypto';
import assert from 'node:assert/strict';
import type { NoteRef } from '../sessions/note.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import { type ContractCase, assertSameRefs, assertSpan, begin, inParallel, mustRead, newRef } from './contract-case.ts';

const TTL_MS = 600_000;
const MAX_BYTES = 128 * 1_024;

/** What holds for notes. */
export const NOTES: readonly ContractCase[] = [
  {
    name: 'a note reads as it was written, any number of times, by the clock of the store',
    async run({ store, advance }) {
      const ref = newNote();
      await advance(5_000);
      const before = await store.now();
      assert.equal(await write(store, ref, 'first'), true);
      for (let count = 0; count < 2; count += 1) {
        const { now, text } = await store.readNote(ref);
        assert.equal(text, 'first');
        assertSpan(now - before, 0);
      }
    },
  },
  {
    name: 'any text comes back to the letter, up to 128 KiB',
    async run({ store }) {
      const texts = ['', ' ', '\n\n', '\u0000\u0001', 'é\u2028😀\ufeff', 'N1', '{"a":\r\n1}', 'x'.repeat(MAX_BYTES), '€'.repeat(43_690)];
      for (const text of texts) {
        const ref = newNote();
        assert.equal(await write(store, ref, text), true);
        assert.equal((await store.readNote(ref)).text, text);
        assert.deepEqual((await store.listNotes(ref.book)).notes, [{ id: ref.id, text }]);
        assert.equal((await store.takeNote(ref)).text, text);
      }
    },
  },
  {
    name: 'a note is never overwritten by writing, not even of many at once',
    async run({ store }) {
      const ref = newNote();
      const results = await inParallel(20, (index) => write(store, ref, String(index)));
      assert.equal(results.filter(Boolean).length, 1);
      assert.equal((await store.readNote(ref)).text, String(results.indexOf(true)));
    },
  },
  {
    name: 'of 20 that take a note at once, one gets it, and then it is gone',
    async run({ store }) {
      const ref = newNote();
      await write(store, ref, 'once');
      const reads = await inParallel(20, () => store.takeNote(ref));
      assert.deepEqual(
        reads.map(({ text }) => text).filter((text) => text !== undefined),
        ['once'],
      );
      assert.equal((await store.readNote(ref)).text, undefined);
      assert.deepEqual((await store.listNotes(ref.book)).notes, []);
      assert.equal(await write(store, ref, 'again'), true);
    },
  },
  {
    name: 'what is not there is not there',
    async run({ store }) {
      const ref = newNote();
      const [read, taken, listed] = [await store.readNote(ref), await store.takeNote(ref), await store.listNotes(ref.book)];
      assert.deepEqual([read.text, taken.text, listed.notes], [undefined, undefined, []]);
      assert.ok(read.now > 0 && taken.now >= read.now && listed.now >= taken.now);
      assert.equal(await store.changeNote(ref, '', 'x', TTL_MS), false);
      assert.equal((await store.readNote(ref)).text, undefined);
    },
  },
  {
    name: 'a note that has expired is not read, taken, changed or listed, and its place is free',
    async run({ store, advance }) {
      const [ref, longer] = [newNote('b'), newNote('b')];
      await write(store, ref, 'short');
      await write(store, longer, 'long', { ttlMs: 2 * TTL_MS });
      await advance(TTL_MS - 10_000);
      assert.equal((await store.readNote(ref)).text, 'short');
      await advance(10_000);
      assert.equal((await store.readNote(ref)).text, undefined);
      assert.equal(await store.changeNote(ref, 'short', 'revived', TTL_MS), false);
      assert.deepEqual((await store.listNotes('b')).notes, [{ id: longer.id, text: 'long' }]);
      assert.equal(await write(store, ref, 'new'), true);
      assert.deepEqual(
        (await store.listNotes('b')).notes.map(({ text }) => text),
        ['long', 'new'],
      );
      await advance(TTL_MS);
      assert.equal((await store.takeNote(ref)).text, undefined);
    },
  },
  {
    name: 'a note is changed only from what it was, and lasts from then on',
    async run({ store, advance }) {
      const ref = newNote();
      await write(store, ref, 'a');
      await advance(TTL_MS - 10_000);
      assert.equal(await store.changeNote(ref, 'b', 'c', TTL_MS), false);
      assert.equal(await store.changeNote(ref, 'a', 'b', TTL_MS), true);
      await advance(TTL_MS - 10_000);
      assert.equal((await store.readNote(ref)).text, 'b');
      assert.equal(await store.changeNote(ref, 'b', 'c', 1_000), true);
      await advance(1_000);
      assert.equal((await store.readNote(ref)).text, undefined);
    },
  },
  {
    name: 'of 20 changes of the same text at once, one is told yes',
    async run({ store }) {
      const ref = newNote();
      await write(store, ref, 'asked');
      const results = await inParallel(20, (index) => store.changeNote(ref, 'asked', `approved by ${index}`, TTL_MS));
      assert.equal(results.filter(Boolean).length, 1);
      assert.equal((await store.readNote(ref)).text, `approved by ${results.indexOf(true)}`);
    },
  },
  {
    name: 'of taking and changing at once, one works',
    async run({ store }) {
      for (let round = 0; round < 5; round += 1) {
        const ref = newNote();
        await write(store, ref, 'a');
        const [changed, taken] = await Promise.all([store.changeNote(ref, 'a', 'b', TTL_MS), store.takeNote(ref)]);
        assert.equal(taken.text, changed ? 'b' : 'a');
        assert.equal((await store.readNote(ref)).text, undefined);
      }
    },
  },
  {
    name: 'a book is listed oldest first, a changed note in its place, and nothing of another book',
    async run({ store }) {
      const refs = Array.from({ length: 12 }, () => newNote('book'));
      for (const [index, ref] of refs.entries()) await write(store, ref, String(index));
      for (const book of ['boo', 'book.', 'Book', 'book-1', '-']) await write(store, newNote(book), 'elsewhere');
      await store.changeNote(refs[3] as NoteRef, '3', 'three', 2 * TTL_MS);
      await store.takeNote(refs[0] as NoteRef);
      const expected = refs.map(({ id }, index) => ({ id, text: index === 3 ? 'three' : String(index) })).slice(1);
      assert.deepEqual((await store.listNotes('book')).notes, expected);
    },
  },
  {
    name: 'the same id in another book is another note',
    async run({ store }) {
      const ref = newNote('one');
      await write(store, ref, '1');
      assert.equal((await store.takeNote({ book: 'two', id: ref.id })).text, undefined);
      assert.equal(await write(store, { book: 'two', id: ref.id }, '2'), true);
      assert.equal((await store.readNote(ref)).text, '1');
    },
  },
  {
    name: 'the oldest go when a book is full, and what has expired is not counted',
    async run({ store, advance }) {
      const add = (text: string, ttlMs = TTL_MS): Promise<boolean> => write(store, newNote('full'), text, { ttlMs, atMost: 3 });
      const texts = async (): Promise<readonly string[]> => (await store.listNotes('full')).notes.map(({ text }) => text);
      for (const text of ['a', 'b', 'c', 'd']) assert.equal(await add(text), true);
      assert.deepEqual(await texts(), ['b', 'c', 'd']);
      await add('short', 1_000);
      await advance(1_000);
      await add('e');
      assert.deepEqual(await texts(), ['c', 'd', 'e']);
      await write(store, newNote('full'), 'only', { atMost: 1 });
      assert.deepEqual(await texts(), ['only']);
    },
  },
  {
    name: '30 written at once in a full book: the number is kept',
    async run({ store }) {
      const refs = Array.from({ length: 30 }, () => newNote('busy'));
      await inParallel(30, (index) => write(store, refs[index] as NoteRef, String(index), { atMost: 5 }));
      const { notes } = await store.listNotes('busy');
      assert.equal(notes.length, 5);
      const reads = await Promise.all(refs.map((ref) => store.readNote(ref)));
      assert.equal(reads.filter(({ text }) => text !== undefined).length, 5);
    },
  },
  {
    name: 'a note is no session and a session no note, whatever the book is called',
    async run({ store }) {
      const session = newRef();
      const books = [session.tag, `note.${session.tag}`, 'epochs', 'shop', 'x'.repeat(14), 'x'.repeat(80)];
      const refs = books.map((book) => ({ book, id: session.digest }));
      for (const ref of refs) await write(store, ref, 'note');
      assert.deepEqual([await store.list(session.tag), await store.listApp('*')], [[], []]);
      await begin(store, session);
      assertSameRefs(await store.list(session.tag), [session]);
      assertSameRefs(await store.listApp('*'), [session]);
      for (const ref of refs) assert.equal((await store.takeNote(ref)).text, 'note');
      await mustRead(store, session);
      for (const ref of refs) await write(store, ref, 'stays');
      await store.endAll(session.tag, 'signed_out');
      await store.endApp('*', 'session_revoked');
      for (const ref of refs) assert.deepEqual((await store.listNotes(ref.book)).notes, [{ id: ref.id, text: 'stays' }]);
    },
  },
  {
    name: 'books and ids that could name another place are refused',
    async run({ store }) {
      for (const book of ['', 'a:b', 'a}', 'a{b', 'a b', '*', 'a\n', 'é', 'x'.repeat(81)]) {
        await assert.rejects(async () => write(store, { book, id: 'a' }, 'x'), TypeError, JSON.stringify(book));
        await assert.rejects(async () => store.listNotes(book), TypeError, JSON.stringify(book));
      }
      for (const id of ['', 'a:b', 'a.b', 'a b', 'a\n', 'x'.repeat(65)]) await refuseEverywhere(store, { book: 'b', id });
      assert.equal(await write(store, { book: 'x'.repeat(80), id: 'y'.repeat(64) }, 'x'), true);
    },
  },
  {
    name: 'texts, lifetimes and numbers that cannot be kept are refused, and nothing is written',
    async run({ store }) {
      const ref = newNote();
      for (const ttlMs of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 401 * 86_400_000]) {
        await assert.rejects(async () => write(store, ref, 'x', { ttlMs }), TypeError, String(ttlMs));
        await assert.rejects(async () => store.changeNote(ref, 'x', 'y', ttlMs), TypeError, String(ttlMs));
      }
      for (const atMost of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1_001]) {
        await assert.rejects(async () => write(store, ref, 'x', { atMost }), TypeError, String(atMost));
      }
      for (const text of ['x'.repeat(MAX_BYTES + 1), '€'.repeat(43_691), '\ud800', 'a\udc00b']) {
        await assert.rejects(async () => write(store, ref, text), TypeError);
        await assert.rejects(async () => store.changeNote(ref, 'x', text, TTL_MS), TypeError);
      }
      assert.equal((await store.readNote(ref)).text, undefined);
    },
  },
];

/** A reference that nothing is under, in a book of its own unless one is given. */
function newNote(book: string = randomBytes(9).toString('base64url')): NoteRef {
  return { book, id: randomBytes(16).toString('base64url') };
}

function write(store: SessionStore, ref: NoteRef, text: string, { ttlMs = TTL_MS, atMost = 100 } = {}): Promise<boolean> {
  return store.writeNote(ref, { text, ttlMs, atMost });
}

async function refuseEverywhere(store: SessionStore, ref: NoteRef): Promise<void> {
  const calls: readonly (() => Promise<unknown>)[] = [
    () => write(store, ref, 'x'),
    () => store.readNote(ref),
    () => store.takeNote(ref),
    () => store.changeNote(ref, 'x', 'y', TTL_MS),
  ];
  for (const call of calls) await assert.rejects(async () => call(), TypeError, JSON.stringify(ref.id));
}
