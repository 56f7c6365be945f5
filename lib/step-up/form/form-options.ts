import type { Request } from 'express';
import { type Duration, durationMs } from '../../policy/duration.ts';
import type { Subject } from '../../policy/facts.ts';
import type { AttemptLimit } from './attempts.ts';
import { checkReached, checkText, invalidOption, refuseUnknownOptions } from '../confirmation/method-options.ts';

/** One field of a form. Every field has to be filled in. */
export interface ConfirmationField {
  /** As it is sent, and as `verify` finds it. */
  readonly name: string;
  /** What the person reads beside it. */
  readonly label: string;
  /** Default: `password`, which hides what is typed. */
  readonly type?: 'password' | 'text';
  /** What browsers and password managers may fill in: `current-password`, `one-time-code`. Default: `off`. */
  readonly autocomplete?: string;
  /** Which keyboard a phone shows. */
  readonly inputMode?: 'numeric' | 'text';
}

/** Options of `confirmationForm`. */
export interface ConfirmationFormOptions {
  /** Small letters, digits and hyphens. One of its own for each form of an application: tries are counted by it. */
  readonly id: string;
  /** What the page calls it: `With your password`. */
  readonly title: string;
  readonly fields: readonly ConfirmationField[];
  /** What it reaches: one of the policy's `assurance`. */
  readonly level: string;
  /** Methods (RFC 8176) that it stands for: `['pwd']`, `['otp']`. */
  readonly amr: readonly string[];
  /**
   * Whether the fields are those of the person who is signed in, `req.sessionPolicy.subject`. Only `true` confirms. A code that is for once
   * (RFC 6238 section 5.2) is to be marked as used here.
   */
  readonly verify: (fields: Readonly<Record<string, string>>, req: Request) => boolean | Promise<boolean>;
  /** Tries that a person has, in all their sessions together. Default: 5 in 15 minutes. A good one makes up for those before it. */
  readonly attempts?: { readonly max: number; readonly per: Duration };
  /** Whether a person has set it up; the page leaves it out otherwise. Default: everybody has. */
  readonly isSetUpFor?: (subject: Subject) => boolean | Promise<boolean>;
}

/** Options that have been checked, with their defaults. */
export interface FormSettings extends Omit<ConfirmationFormOptions, 'attempts' | 'isSetUpFor'> {
  readonly limit: AttemptLimit;
  readonly isSetUpFor: ConfirmationFormOptions['isSetUpFor'] | undefined;
}

const NAME = 'confirmationForm';
const KNOWN = ['id', 'title', 'fields', 'level', 'amr', 'verify', 'attempts', 'isSetUpFor'];
const MOST_ATTEMPTS = 100;

/** @throws {SetupError} `ERR_OPTIONS_INVALID`, `PolicyError` `ERR_DURATION_INVALID`: for anything unknown, missing or unsafe. */
export function checkFormOptions(options: ConfirmationFormOptions): FormSettings {
  refuseUnknownOptions(NAME, options, KNOWN);
  const { id, isSetUpFor, verify } = options;
  if (typeof id !== 'string' || !/^[a-z][a-z0-9-]{0,31}$/.test(id) || id === 'passkey' || id === 'oidc')
    throw invalidOption(NAME, "needs an id of small letters, digits and hyphens, other than passkey and oidc: id: 'totp'");
  if (typeof verify !== 'function') throw invalidOption(NAME, 'needs verify to be a function of the fields and the request');
  if (isSetUpFor !== undefined && typeof isSetUpFor !== 'function')
    throw invalidOption(NAME, 'needs isSetUpFor to be a function of the subject');
  return {
    id,
    verify,
    isSetUpFor,
    title: checkText(NAME, 'title', options.title),
    fields: checkFields(options.fields),
    ...checkReached(NAME, options.level, options.amr),
    limit: checkAttempts(options.attempts ?? { max: 5, per: '15m' }),
  };
}

function checkFields(fields: unknown): readonly ConfirmationField[] {
  if (!Array.isArray(fields) || fields.length === 0 || fields.length > 8) throw invalidOption(NAME, 'needs 1 to 8 fields');
  const checked = fields.map(checkField);
  if (new Set(checked.map(({ name }) => name)).size < checked.length)
    throw invalidOption(NAME, 'needs fields with a name of their own each');
  return checked;
}

/** Names that a confirmation brings itself. */
const TAKEN = ['return_to', 'resume', '__proto__'];

function checkField(field: ConfirmationField): ConfirmationField {
  refuseUnknownOptions(`${NAME}: a field`, field, ['name', 'label', 'type', 'autocomplete', 'inputMode']);
  if (typeof field.name !== 'string' || !/^\w{1,32}$/.test(field.name) || TAKEN.includes(field.name))
    throw invalidOption(NAME, "needs fields with a name of letters, digits and _: { name: 'code', label: 'Code' }");
  checkText(NAME, 'the label of a field', field.label);
  if (field.type !== undefined && field.type !== 'password' && field.type !== 'text')
    throw invalidOption(NAME, "takes fields of type 'password' or 'text'");
  return { ...field };
}

function checkAttempts({ max, per }: { readonly max: number; readonly per: Duration }): AttemptLimit {
  const perMs = durationMs(per, `${NAME}: attempts.per`);
  if (Number.isInteger(max) && max >= 1 && max <= MOST_ATTEMPTS) return { max, perMs };
  throw invalidOption(NAME, `takes 1 to ${MOST_ATTEMPTS} attempts: attempts: { max: 5, per: '15m' }`);
}
