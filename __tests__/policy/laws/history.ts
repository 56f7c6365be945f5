import { HOUR, MINUTE } from '../arbitraries.ts';

/** What happens to one person's session, in order. */
export type Event =
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'sign-in' | 'reauthenticate'; readonly level: string }
  | { readonly kind: 'request'; readonly path: string };

export const IDLE_MS: number = 15 * MINUTE;
export const ABSOLUTE_MS: number = 2 * HOUR;
export const ROUTE_IDLE_MS: number = 5 * MINUTE;
export const STEP_UP_MS: number = 10 * MINUTE;

interface Past {
  readonly at: number;
  readonly kind: 'sign-in' | 'reauthenticate' | 'active';
  readonly level?: string;
}

/**
 * The laws of a session, told from its whole history and from nothing that a record keeps: slow, plain, and written without a
 * look at the code that is tested.
 */
export class History {
  #past: Past[] = [];
  #over: string | undefined;

  authenticate(kind: 'sign-in' | 'reauthenticate', level: string, at: number): void {
    if (kind === 'reauthenticate' && (this.#past.length === 0 || this.#over !== undefined)) return;
    if (kind === 'sign-in') this.#past = [];
    this.#over = undefined;
    this.#past.push({ at, kind, level });
  }

  /** What must become of a request. */
  request(path: string, at: number): string {
    const answer = this.#answer(path, at);
    if (answer === 'idle_timeout' || answer === 'absolute_timeout') this.#over = answer;
    if (answer === 'allowed' && path !== '/poll') this.#past.push({ at, kind: 'active' });
    return answer;
  }

  #answer(path: string, at: number): string {
    if (this.#over !== undefined) return this.#over;
    const [first] = this.#past;
    const last = this.#past.at(-1);
    if (first === undefined || last === undefined) return 'session_missing';
    if (at - first.at >= ABSOLUTE_MS) return 'absolute_timeout';
    if (at - last.at >= IDLE_MS) return 'idle_timeout';
    if (path === '/strict' && this.#gaps(at).some((gap) => gap >= ROUTE_IDLE_MS)) return 'route_idle_timeout';
    if (path === '/recent' && !this.#authenticatedSince(at - STEP_UP_MS, () => true)) return 'reauthentication_required';
    if (path === '/strong') {
      if (!this.#authenticatedSince(0, isStrong)) return 'assurance_insufficient';
      if (!this.#authenticatedSince(at - STEP_UP_MS, isStrong)) return 'reauthentication_required';
    }
    return 'allowed';
  }

  /** Times without activity since the last authentication, the one that is still running included. */
  #gaps(at: number): readonly number[] {
    const from = this.#past.findLastIndex(({ kind }) => kind !== 'active');
    const instants = [...this.#past.slice(from).map((one) => one.at), at];
    return instants.slice(1).map((instant, index) => instant - (instants[index] as number));
  }

  #authenticatedSince(since: number, counts: (level: string) => boolean): boolean {
    return this.#past.some(({ kind, at, level }) => kind !== 'active' && at >= since && counts(level as string));
  }
}

function isStrong(level: string): boolean {
  return level === 'aal2' || level === 'phishing-resistant';
}
