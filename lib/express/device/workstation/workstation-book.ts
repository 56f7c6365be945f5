import { LONGEST_RETENTION_MS } from '../../../sessions/record-lifecycle.ts';
import type { SessionStore } from '../../../sessions/session-store.ts';
import { shortDigest } from '../../short-digest.ts';
import { type InvitationRecord, invitationIn, type WorkstationRecord, workstationIn } from './workstation-record.ts';

/** A workstation, where it is kept. */
export interface WorkstationEntry {
  readonly id: string;
  readonly text: string;
  readonly record: WorkstationRecord;
}

/** With those that may become some. */
export const MOST_WORKSTATIONS = 900;
/** As many as a store lists in one step. Never reached, however many are invited at once: the oldest would make room. */
const AT_MOST = 1_000;
/** An administrator types it in at once. */
export const INVITATION_MS: number = 15 * 60_000;

const ID = /^[A-Za-z0-9_-]{22}$/;

/** The workstations of one app, and those that may become some. */
export class WorkstationBook {
  readonly #store: SessionStore;
  readonly #app: string;

  constructor(store: SessionStore, app: string) {
    this.#store = store;
    this.#app = app;
  }

  /** One of them, and the store's clock. */
  async find(id: string): Promise<{ readonly now: number; readonly entry: WorkstationEntry | undefined }> {
    const { now, text } = await this.#store.readNote({ book: this.#workstations, id });
    return { now, entry: entryOf(id, text) };
  }

  async list(): Promise<readonly WorkstationEntry[]> {
    const { notes } = await this.#store.listNotes(this.#workstations);
    return notes.map(({ id, text }) => entryOf(id, text)).filter((entry) => entry !== undefined);
  }

  async add(id: string, record: WorkstationRecord): Promise<void> {
    const note = { text: JSON.stringify(record), ttlMs: LONGEST_RETENTION_MS, atMost: AT_MOST };
    await this.#store.writeNote({ book: this.#workstations, id }, note);
  }

  /** Replaces an entry if nobody has done so meanwhile, and keeps it for another 400 days. */
  change({ id, text }: WorkstationEntry, record: WorkstationRecord): Promise<boolean> {
    return this.#store.changeNote({ book: this.#workstations, id }, text, JSON.stringify(record), LONGEST_RETENTION_MS);
  }

  /** @returns Whether it was there. Of parallel calls, one gets `true`. */
  async remove(id: string): Promise<boolean> {
    return ID.test(id) && (await this.#store.takeNote({ book: this.#workstations, id })).text !== undefined;
  }

  /** How many there are, with those that may still become some. */
  async size(): Promise<number> {
    const books = await Promise.all([this.#workstations, this.#invitations].map((book) => this.#store.listNotes(book)));
    return books.reduce((sum, { notes }) => sum + notes.length, 0);
  }

  /** Whoever has the code can make it a workstation, once. Only a digest of the code is kept. */
  async invite(code: string, invitation: InvitationRecord): Promise<void> {
    const note = { text: JSON.stringify(invitation), ttlMs: INVITATION_MS, atMost: AT_MOST };
    await this.#store.writeNote({ book: this.#invitations, id: shortDigest(code) }, note);
  }

  /** What a code is good for, and the store's clock. Of any number of parallel calls, one gets it. */
  async accept(code: string): Promise<{ readonly now: number; readonly invitation: InvitationRecord | undefined }> {
    const { now, text } = await this.#store.takeNote({ book: this.#invitations, id: shortDigest(code) });
    return { now, invitation: invitationIn(text) };
  }

  /** Takes an invitation back. */
  async withdraw(id: string): Promise<boolean> {
    const { notes } = await this.#store.listNotes(this.#invitations);
    const open = notes.find(({ text }) => invitationIn(text)?.id === id);
    return open !== undefined && (await this.#store.takeNote({ book: this.#invitations, id: open.id })).text !== undefined;
  }

  get #workstations(): string {
    return `workstation.${this.#app}`;
  }

  get #invitations(): string {
    return `invitation.${this.#app}`;
  }
}

function entryOf(id: string, text: string | undefined): WorkstationEntry | undefined {
  const record = workstationIn(text);
  return text === undefined || record === undefined ? undefined : { id, text, record };
}
