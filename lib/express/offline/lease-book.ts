import type { Subject } from '../../policy/facts.ts';
import type { LeaseUse } from '../../policy/offline-queue.ts';
import { StoreUnavailableError } from '../../sessions/errors.ts';
import type { NoteRef } from '../../sessions/note.ts';
import { LONGEST_RETENTION_MS } from '../../sessions/record-lifecycle.ts';
import type { SessionRef } from '../../sessions/session-record.ts';
import type { Engine } from '../engine.ts';

/** A lease as we know it. */
export interface KeptLease {
  /** Mark of the session that it was given to, and where that was when it was given. */
  readonly session: string;
  readonly ref: SessionRef;
  readonly subject: Subject;
  readonly scopes: readonly string[];
  /** Epoch milliseconds of the store's clock. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly use: LeaseUse;
}

/** A lease as it was read, to be replaced if it is still so. */
export interface LeaseEntry {
  readonly text: string;
  readonly lease: KeptLease;
  readonly now: number;
}

/** Who comes too late is told so, and not that we know nothing of it. */
const KEPT_MS = 30 * 86_400_000;
/** A device goes offline with its newest lease; the oldest are forgotten first. */
const MOST_LEASES = 64;

/** The leases of one device key, whoever's sessions it is bound to. Sealed, so that the store can take one away but make none. */
export class LeaseBook {
  readonly #engine: Engine;
  readonly #key: string;

  /** @param key Thumbprint. */
  constructor(engine: Engine, key: string) {
    this.#engine = engine;
    this.#key = key;
  }

  async add(id: string, lease: KeptLease, now: number): Promise<void> {
    const note = { text: await this.#seal(id, lease), ttlMs: ttlOf(lease, now), atMost: MOST_LEASES };
    if (!(await this.#store.writeNote(this.#ref(id), note)))
      throw new StoreUnavailableError('the store already has a lease under a new id');
  }

  /** `undefined` for one that is not there, or is none that we wrote. */
  async read(id: string): Promise<LeaseEntry | undefined> {
    const { text, now } = await this.#store.readNote(this.#ref(id));
    const lease = text === undefined ? undefined : await this.#engine.seal.open(this.#binding(id), text);
    return text === undefined || lease === undefined ? undefined : { text, lease: lease as KeptLease, now };
  }

  /** Replaces a lease that is still as it was read: of parallel changes, one is made. */
  async replace(id: string, { text, now }: LeaseEntry, lease: KeptLease): Promise<boolean> {
    return this.#store.changeNote(this.#ref(id), text, await this.#seal(id, lease), ttlOf(lease, now));
  }

  get #store(): Engine['settings']['store'] {
    return this.#engine.settings.store;
  }

  #ref(id: string): NoteRef {
    return { book: `lease.${this.#key}`, id };
  }

  #seal(id: string, lease: KeptLease): Promise<string> {
    return this.#engine.seal.seal(this.#binding(id), lease);
  }

  #binding(id: string): string {
    return `offline lease ${this.#key} ${id}`;
  }
}

function ttlOf({ expiresAt }: KeptLease, now: number): number {
  return Math.min(LONGEST_RETENTION_MS, KEPT_MS + Math.max(0, expiresAt - now));
}
