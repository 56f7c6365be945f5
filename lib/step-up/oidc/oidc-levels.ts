import { invalidOption } from '../confirmation/method-options.ts';

/** Which `acr` of a provider reaches which level of the policy. */
export class AcrLevels {
  readonly #acrs: ReadonlyMap<string, readonly string[]>;

  /** @throws {SetupError} `ERR_OPTIONS_INVALID` for a list that is none, or an `acr` that would mean two levels. */
  constructor(levels: unknown) {
    if (levels === null || typeof levels !== 'object' || Object.keys(levels).length === 0)
      throw invalidOption(
        'oidc',
        "needs levels, which say what acr values reach a level of the policy: levels: { aal2: ['urn:example:mfa'] }",
      );
    this.#acrs = new Map(Object.entries(levels).map(([level, acrs]) => [level, checkAcrs(level, acrs)]));
    const all = [...this.#acrs.values()].flat();
    const twice = all.find((acr, index) => all.indexOf(acr) !== index);
    if (twice !== undefined) throw invalidOption('oidc', `lists the acr "${twice}" twice in levels, and it can mean one level only`);
  }

  /** The levels that were told of. */
  get names(): readonly string[] {
    return [...this.#acrs.keys()];
  }

  /** What to ask the provider for, most wanted first: the level itself, then those above it. Empty: it cannot be reached. */
  reaching(level: string, assurance: readonly string[]): readonly string[] {
    return assurance.slice(assurance.indexOf(level)).flatMap((one) => this.#acrs.get(one) ?? []);
  }

  /** The level that an `acr` stands for; `undefined`: none that we were told of. */
  of(acr: unknown): string | undefined {
    for (const [level, acrs] of this.#acrs) if (acrs.some((one) => one === acr)) return level;
    return undefined;
  }
}

function checkAcrs(level: string, acrs: unknown): readonly string[] {
  // Separated by blanks on their way to the provider.
  if (Array.isArray(acrs) && acrs.length > 0 && acrs.every((acr) => typeof acr === 'string' && /^[^\s]+$/.test(acr))) return [...acrs];
  throw invalidOption('oidc', `needs a list of acr values without blanks for level "${level}", like ['urn:example:mfa']`);
}
