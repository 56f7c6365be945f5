import type { PolicyFault } from '../errors.ts';

/** A place inside a document, from the top. */
export type Path = readonly (string | number)[];

/** Tells the line of a place in the text that a document was read from. */
export type Locate = (path: Path) => number | undefined;

/** What has been found in a document so far. Nothing is kept twice. */
export class Findings {
  readonly #faults = new Map<string, PolicyFault>();
  readonly #notices = new Set<string>();
  readonly #locate: Locate | undefined;

  constructor(locate?: Locate) {
    this.#locate = locate;
  }

  /** Records what keeps the document from being enforced. */
  fault(path: Path, message: string, suggestion?: string): void {
    const place = showPath(path);
    const line = this.#locate?.(path);
    const fault = { path: place, message, ...(line === undefined ? {} : { line }), ...(suggestion === undefined ? {} : { suggestion }) };
    if (!this.#faults.has(`${place} ${message}`)) this.#faults.set(`${place} ${message}`, Object.freeze(fault));
  }

  /** Records what a reader should know, but can be enforced as it stands. */
  notice(path: Path, message: string): void {
    this.#notices.add(`${showPath(path)}: ${message}`);
  }

  /** By line, where lines are known. */
  get faults(): readonly PolicyFault[] {
    return [...this.#faults.values()].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  }

  get notices(): readonly string[] {
    return [...this.#notices];
  }
}

/** A path as it is written: `profiles.admin.idle`, `exceptions[0].expires`. */
export function showPath(path: Path): string {
  return path.map((key, index) => showKey(key, index === 0)).join('');
}

function showKey(key: string | number, first: boolean): string {
  if (typeof key === 'number') return `[${key}]`;
  if (!/^[A-Za-z_$][\w$-]{0,99}$/.test(key)) return `[${JSON.stringify(key.length > 100 ? `${key.slice(0, 100)}…` : key)}]`;
  return first ? key : `.${key}`;
}
