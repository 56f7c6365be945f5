/** What every server of the benchmark serves, so that they differ in nothing but their sessions. */
export const SIGN_IN_PATH = '/shop/login';
export const PAGE_PATH = '/shop/account/overview';
export const SECRET = 'a-secret-for-benchmarks-only-0123456789abcdef';
export const IDLE_MS = 900_000;

/** What a session holds: a small JSON object. */
export interface Visitor {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
}

/** The visitor that a request to sign in asks for: `?visitor=7`. */
export function visitorOf(query: unknown): Visitor {
  const number = Number((query as { visitor?: unknown }).visitor ?? 0);
  return { id: `u-${20_000 + number}`, name: 'Ada Lovelace', roles: ['customer', 'reviewer'] };
}

/** The answer of the page. */
export function page(visitor: Visitor | undefined): object {
  return { signedIn: visitor !== undefined, name: visitor?.name };
}
