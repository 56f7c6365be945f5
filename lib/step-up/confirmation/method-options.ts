import { SetupError } from '../../express/errors.ts';
import { nearest } from '../../policy/suggestion.ts';

/** @throws {SetupError} `ERR_OPTIONS_INVALID` for options that are none, and for one that is not known, with what was meant. */
export function refuseUnknownOptions(name: string, options: unknown, known: readonly string[]): void {
  if (options === null || typeof options !== 'object') throw invalidOption(name, `needs options: ${known.join(', ')}`);
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const meant = nearest(unknown, known);
  const hint = meant === undefined ? '' : ` (did you mean "${meant}"?)`;
  throw invalidOption(name, `has no option "${unknown}"${hint}. Options: ${known.join(', ')}`);
}

/** What every method says about what it reaches. */
export interface ReachedByMethod {
  readonly level: string;
  readonly amr: readonly string[];
}

const METHOD = /^[A-Za-z0-9._-]{1,32}$/;

/** @throws {SetupError} `ERR_OPTIONS_INVALID` */
export function checkReached(name: string, level: unknown, amr: unknown): ReachedByMethod {
  if (typeof level !== 'string' || level === '') throw invalidOption(name, "needs the assurance level that it reaches: level: 'aal2'");
  if (Array.isArray(amr) && amr.length > 0 && amr.length <= 16 && amr.every((one) => typeof one === 'string' && METHOD.test(one)))
    return { level, amr: [...(amr as string[])] };
  throw invalidOption(name, "needs amr as a list of authentication methods (RFC 8176), like ['otp']");
}

/** @throws {SetupError} `ERR_OPTIONS_INVALID` */
export function checkText(name: string, option: string, text: unknown): string {
  if (typeof text === 'string' && text.trim() !== '') return text;
  throw invalidOption(name, `needs ${option} to be a text for the person`);
}

export function invalidOption(name: string, message: string): SetupError {
  return new SetupError('ERR_OPTIONS_INVALID', `${name} ${message}`);
}
