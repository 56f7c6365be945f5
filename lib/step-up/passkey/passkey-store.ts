import type { Subject } from '../../policy/facts.ts';

/** A passkey as it was registered (WebAuthn Level 3, section 4, "credential record"). */
export interface Passkey {
  /** Credential id, base64url. */
  readonly id: string;
  /** Public key as the authenticator gave it (COSE_Key). */
  readonly publicKey: Uint8Array;
  /** Signature counter of the last use; 0 for passkeys that do not count, such as those that are synchronised. */
  readonly counter: number;
  /** The `user.id` that it was registered for, base64url. An authenticator that names another is refused. */
  readonly userHandle: string;
  /** How browsers can reach the authenticator, as told at registration. */
  readonly transports?: readonly string[];
}

/** Where the application keeps passkeys. Two functions, to be written on its own database. */
export interface PasskeyStore {
  /** The passkeys of a subject; empty if there are none. */
  list(subject: Subject): Promise<readonly Passkey[]>;
  /**
   * Sets the counter of a passkey to `to` if it is still `from`, in one atomic step: of two answers with the same counter, one is a
   * copy. Also called with 0 and 0, for passkeys that do not count.
   *
   * @returns Whether that was so. `false` refuses the confirmation.
   * @example
   * const { rowCount } = await db.query('update passkeys set counter = $4 where owner = $1 and id = $2 and counter = $3', [
   *   subject.id, id, from, to,
   * ]);
   * return rowCount === 1;
   */
  useCounter(subject: Subject, id: string, from: number, to: number): Promise<boolean>;
}

/** Passkeys in memory. */
export interface MemoryPasskeys extends PasskeyStore {
  /** Adds a passkey to those of a subject. */
  add(subject: Subject, passkey: Passkey): void;
}

/**
 * Passkeys in the memory of this process, for demos and tests: they are gone when it ends, and other processes do not know them.
 *
 * @example
 * const passkeys = memoryPasskeys();
 * passkeys.add({ id: 'u1', kind: 'user' }, { id, publicKey, counter: 0, userHandle });
 */
export function memoryPasskeys(): MemoryPasskeys {
  const books = new Map<string, Map<string, Passkey>>();
  const bookOf = ({ id, kind }: Subject): Map<string, Passkey> => {
    const name = JSON.stringify([kind, id]);
    const book = books.get(name) ?? new Map<string, Passkey>();
    books.set(name, book);
    return book;
  };
  return {
    add: (subject, passkey) => void bookOf(subject).set(passkey.id, passkey),
    list: async (subject) => [...bookOf(subject).values()],
    useCounter: async (subject, id, from, to) => {
      const passkey = bookOf(subject).get(id);
      if (passkey?.counter !== from) return false;
      bookOf(subject).set(id, { ...passkey, counter: to });
      return true;
    },
  };
}
