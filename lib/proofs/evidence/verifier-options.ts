import { describeDurationFault, parseDuration } from '../../policy/duration.ts';

/** Checks the options of one verifier, and says of a wrong one what to write instead. */
export class VerifierOptions {
  readonly #verifier: string;

  constructor(verifier: string) {
    this.#verifier = verifier;
  }

  /** @throws {TypeError} unless it is an object with these keys and no other. */
  only(options: unknown, known: readonly string[]): void {
    if (typeof options !== 'object' || options === null) throw this.invalid('needs an object of options');
    const [unknown] = Object.keys(options).filter((key) => !known.includes(key));
    if (unknown !== undefined) throw this.invalid(`does not know "${unknown}"; there are ${known.join(', ')}`);
  }

  /** @throws {TypeError} unless it is one text or several, all of that form. */
  texts(option: string, value: unknown, form: RegExp, example: string): readonly string[] {
    const all = ([] as unknown[]).concat(value ?? []);
    const isFine = all.length > 0 && all.every((one) => typeof one === 'string' && form.test(one));
    if (!isFine) throw this.invalid(`needs ${option}, like ${example}`);
    return all as string[];
  }

  /** @throws {TypeError} for what is no duration. */
  duration(option: string, value: unknown, otherwise: string): number {
    const ms = parseDuration(value ?? otherwise);
    if (ms === undefined) throw this.invalid(`${option}: ${describeDurationFault(value)}`);
    return ms;
  }

  /** @throws {TypeError} for what is neither. */
  flag(option: string, value: unknown, otherwise: boolean): boolean {
    if (value !== undefined && typeof value !== 'boolean') throw this.invalid(`${option} is true or false`);
    return value ?? otherwise;
  }

  /** @throws {TypeError} for what can't be called. */
  optionalFunction(option: string, value: unknown): void {
    if (value !== undefined && typeof value !== 'function') throw this.invalid(`${option} is a function`);
  }

  invalid(what: string): TypeError {
    return new TypeError(`${this.#verifier} ${what}`);
  }
}
