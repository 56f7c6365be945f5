import type { Path } from './validation/findings.ts';

/** A part of a value that is not data. */
export interface NotData {
  readonly path: Path;
  readonly message: string;
}

/** A copy that shares nothing with the original, without what was no data. */
export interface PlainCopy {
  readonly copy: unknown;
  readonly refused: readonly NotData[];
}

const DEEPEST = 32;
const MOST_VALUES = 500_000;
const MOST_CHARACTERS = 1_048_576;

class TooMuch extends Error {}

/**
 * Copies plain data and nothing else: no getter is called, no prototype is followed, no cycle is walked, and `__proto__` is never
 * assigned. Bounded in depth and size, so that references that multiply cannot fill memory.
 */
export function plainCopy(input: unknown): PlainCopy {
  const copier = new Copier();
  try {
    return { copy: copier.copy(input, []), refused: copier.refused };
  } catch (error) {
    const message = error instanceof TooMuch ? error.message : 'cannot be read as plain data';
    return { copy: undefined, refused: [{ path: [], message }] };
  }
}

/** Freezes data all the way down. */
export function deepFreeze<T>(value: T): T {
  if (value === null || typeof value !== 'object' || Object.isFrozen(value)) return value;
  for (const child of Object.values(value)) deepFreeze(child);
  return Object.freeze(value);
}

class Copier {
  readonly refused: NotData[] = [];
  readonly #within = new Set<object>();
  #values = 0;
  #characters = 0;

  copy(value: unknown, path: Path): unknown {
    this.#values += 1;
    if (typeof value === 'string') this.#characters += value.length;
    if (this.#values > MOST_VALUES || this.#characters > MOST_CHARACTERS) throw new TooMuch('is larger than 1 MiB');
    if (value === null || value === undefined || typeof value === 'string' || typeof value === 'boolean') return value;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    if (typeof value !== 'object') return this.#refuse(path, `is ${article(value)}; a policy holds only data`);
    return this.#copyObject(value, path);
  }

  #copyObject(value: object, path: Path): unknown {
    if (this.#within.has(value)) return this.#refuse(path, 'contains itself');
    if (path.length >= DEEPEST) throw new TooMuch(`is nested deeper than ${DEEPEST} levels`);
    if (!Array.isArray(value) && !isPlain(value)) {
      return this.#refuse(path, 'is an instance of a class; a policy holds only plain objects, lists and values');
    }
    this.#within.add(value);
    const copy = Array.isArray(value) ? this.#copyList(value, path) : this.#copyFields(value, path);
    this.#within.delete(value);
    return copy;
  }

  #copyList(list: readonly unknown[], path: Path): readonly unknown[] {
    if (list.length > MOST_VALUES) throw new TooMuch('is larger than 1 MiB');
    return Array.from({ length: list.length }, (_, index) => this.#copyProperty(list, index, path) ?? null);
  }

  #copyFields(object: object, path: Path): object {
    const copy: Record<string, unknown> = {};
    for (const key of Reflect.ownKeys(object)) {
      this.#characters += String(key).length;
      if (typeof key === 'symbol' || key === '__proto__') this.#refuse([...path, String(key)], 'is not a key that a policy can have');
      else this.#putField(copy, key, this.#copyProperty(object, key, path));
    }
    return copy;
  }

  /** A field without a value is a field that is not there. */
  #putField(copy: Record<string, unknown>, key: string, value: unknown): void {
    if (value !== undefined) copy[key] = value;
  }

  #copyProperty(object: object, key: string | number, path: Path): unknown {
    const property = Object.getOwnPropertyDescriptor(object, key);
    if (property === undefined) return undefined;
    if (!('value' in property)) return this.#refuse([...path, key], 'is computed by a getter; a policy holds only data');
    return this.copy(property.value, [...path, key]);
  }

  #refuse(path: Path, message: string): undefined {
    this.refused.push({ path, message });
    return undefined;
  }
}

/** Plain in any realm: without a prototype, or with one that has none itself. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function article(value: unknown): string {
  return typeof value === 'number' ? `not a finite number` : `a ${typeof value}`;
}
