import { StoreUnavailableError } from '../../lib/sessions/errors.ts';
import { MemoryStore } from '../../lib/sessions/memory-store.ts';

/** What becomes of a call: it works, it fails without effect, or it takes effect and the answer is lost. */
export type Fate = 'works' | 'fails' | 'answer-lost';

export type NoteMethod = 'writeNote' | 'readNote' | 'takeNote' | 'changeNote' | 'listNotes';
export type StoreMethod =
  | 'now'
  | 'read'
  | 'create'
  | 'rotate'
  | 'save'
  | 'recordActivity'
  | 'spend'
  | 'end'
  | 'list'
  | 'endAll'
  | 'endApp'
  | 'changeDevice'
  | 'useOnce'
  | NoteMethod;

/** A memory store whose calls meet the fate that a test has chosen for them. */
export class FailingStore extends MemoryStore {
  fate: (method: StoreMethod) => Fate = () => 'works';
  /** How many turns of the event loop a call takes on its way there, and as many back. */
  turns: () => number = () => 0;

  /** From now on these methods fail, and the others work. */
  fail(...methods: readonly StoreMethod[]): void {
    this.fate = (method) => (methods.includes(method) ? 'fails' : 'works');
  }

  failEverything(): void {
    this.fate = () => 'fails';
  }

  restore(): void {
    this.fate = () => 'works';
  }

  override now(): ReturnType<MemoryStore['now']> {
    return this.#meet('now', () => super.now());
  }

  override read(...args: Parameters<MemoryStore['read']>): ReturnType<MemoryStore['read']> {
    return this.#meet('read', () => super.read(...args));
  }

  override create(...args: Parameters<MemoryStore['create']>): ReturnType<MemoryStore['create']> {
    return this.#meet('create', () => super.create(...args));
  }

  override rotate(...args: Parameters<MemoryStore['rotate']>): ReturnType<MemoryStore['rotate']> {
    return this.#meet('rotate', () => super.rotate(...args));
  }

  override save(...args: Parameters<MemoryStore['save']>): ReturnType<MemoryStore['save']> {
    return this.#meet('save', () => super.save(...args));
  }

  override recordActivity(...args: Parameters<MemoryStore['recordActivity']>): ReturnType<MemoryStore['recordActivity']> {
    return this.#meet('recordActivity', () => super.recordActivity(...args));
  }

  override spend(...args: Parameters<MemoryStore['spend']>): ReturnType<MemoryStore['spend']> {
    return this.#meet('spend', () => super.spend(...args));
  }

  override end(...args: Parameters<MemoryStore['end']>): ReturnType<MemoryStore['end']> {
    return this.#meet('end', () => super.end(...args));
  }

  override list(...args: Parameters<MemoryStore['list']>): ReturnType<MemoryStore['list']> {
    return this.#meet('list', () => super.list(...args));
  }

  override endAll(...args: Parameters<MemoryStore['endAll']>): ReturnType<MemoryStore['endAll']> {
    return this.#meet('endAll', () => super.endAll(...args));
  }

  override endApp(...args: Parameters<MemoryStore['endApp']>): ReturnType<MemoryStore['endApp']> {
    return this.#meet('endApp', () => super.endApp(...args));
  }

  override writeNote(...args: Parameters<MemoryStore['writeNote']>): ReturnType<MemoryStore['writeNote']> {
    return this.#meet('writeNote', () => super.writeNote(...args));
  }

  override readNote(...args: Parameters<MemoryStore['readNote']>): ReturnType<MemoryStore['readNote']> {
    return this.#meet('readNote', () => super.readNote(...args));
  }

  override takeNote(...args: Parameters<MemoryStore['takeNote']>): ReturnType<MemoryStore['takeNote']> {
    return this.#meet('takeNote', () => super.takeNote(...args));
  }

  override changeNote(...args: Parameters<MemoryStore['changeNote']>): ReturnType<MemoryStore['changeNote']> {
    return this.#meet('changeNote', () => super.changeNote(...args));
  }

  override listNotes(...args: Parameters<MemoryStore['listNotes']>): ReturnType<MemoryStore['listNotes']> {
    return this.#meet('listNotes', () => super.listNotes(...args));
  }

  override changeDevice(...args: Parameters<MemoryStore['changeDevice']>): ReturnType<MemoryStore['changeDevice']> {
    return this.#meet('changeDevice', () => super.changeDevice(...args));
  }

  override useOnce(...args: Parameters<MemoryStore['useOnce']>): ReturnType<MemoryStore['useOnce']> {
    return this.#meet('useOnce', () => super.useOnce(...args));
  }

  async #meet<T>(method: StoreMethod, call: () => Promise<T>): Promise<T> {
    const fate = this.fate(method);
    await pass(this.turns());
    const result = fate === 'fails' ? undefined : await call();
    await pass(this.turns());
    if (fate !== 'works') throw new StoreUnavailableError('the store did not answer in time');
    return result as T;
  }
}

async function pass(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
