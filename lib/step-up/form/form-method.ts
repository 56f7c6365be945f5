import { queryOf } from '../../express/query.ts';
import express, { type NextFunction, type Request, type Response } from 'express';
import { html, type Html } from '../../express/html-page.ts';
import type { RequestContext } from '../../express/request-context.ts';
import { countAttempt, forgetAttempts } from './attempts.ts';
import {
  checkLevel,
  confirmationEndpoint,
  confirmingSubject,
  goOnConfirmed,
  withoutActivity,
} from '../confirmation/confirmation-endpoint.ts';
import { FailedConfirmation } from '../confirmation/failed-confirmation.ts';
import { checkFormOptions, type ConfirmationField, type ConfirmationFormOptions, type FormSettings } from './form-options.ts';
import { methodBody } from '../confirmation/method-body.ts';
import { METHOD, type MethodPlace, type StepUpMethod } from '../confirmation/step-up-method.ts';
import { waitingTime } from './waiting-time.ts';

const LONGEST_VALUE = 1_024;

/**
 * Confirmation with a form of the application's own: a password, a TOTP, a recovery code. Works without JavaScript. To be listed in a
 * `confirmationPage`.
 *
 * `POST form?way=<id>` takes the fields, from a form or as JSON. A wrong value shows the page again with status 400 and the same words whatever
 * was wrong; more tries than `attempts` allows are answered by 429 with Retry-After, and `verify` is not asked. Values are not shown again,
 * logged or kept.
 *
 * @throws {SetupError} `ERR_OPTIONS_INVALID` at once, for options that are unknown, missing or unsafe. A level that the policy does not
 * know fails each request with `ERR_LEVEL_UNKNOWN`.
 * @throws {PolicyError} `ERR_DURATION_INVALID` at once, for a time that cannot be read.
 * @example
 * const totp = confirmationForm({
 *   id: 'totp',
 *   title: 'With a code',
 *   fields: [{ name: 'code', label: 'Code of your authenticator app', autocomplete: 'one-time-code', inputMode: 'numeric' }],
 *   level: 'aal2',
 *   amr: ['otp'],
 *   verify: ({ code }, req) => checkTotp(req.sessionPolicy.subject, code),
 * });
 * app.use('/reauthenticate', confirmationPage({ methods: [totp] }));
 */
export function confirmationForm(options: ConfirmationFormOptions): StepUpMethod {
  const settings = checkFormOptions(options);
  const { amr, id, isSetUpFor, level, title } = settings;
  const mine = (req: Request, _res: Response, next: NextFunction): void => next(wayOf(req) === id ? undefined : 'route');
  const router = express.Router().post(
    '/form',
    mine,
    withoutActivity('confirmationForm'),
    methodBody(id),
    confirmationEndpoint((context) => confirm(context, settings)),
  );
  const view = (_asked: unknown, hand: string, place: MethodPlace): Html => formView(settings, hand, place);
  return Object.assign(router, { [METHOD]: { id, title, level, amr, isSetUpFor, needsScript: false, view } });
}

function wayOf({ originalUrl }: Request): string | null {
  return queryOf({ originalUrl }).get('way');
}

async function confirm(context: RequestContext, settings: FormSettings): Promise<void> {
  const { id, level, limit, verify } = settings;
  const subject = confirmingSubject(context);
  checkLevel(context, id, level);
  const fields = filledIn(context.req.body, settings.fields);
  if (fields === undefined) throw new FailedConfirmation(id, 'confirmation_refused', 'Please fill in every field.');
  const waitMs = await countAttempt(context, subject, id, limit);
  if (waitMs !== undefined) throw exhausted(id, waitMs);
  if ((await verify(fields, context.req)) !== true)
    throw new FailedConfirmation(id, 'confirmation_refused', 'That is not right. Please try again.');
  await forgetAttempts(context, subject, id);
  await goOnConfirmed(context, settings);
}

/** The fields, if each is a text. Anything else that came with them is left out. */
function filledIn(body: unknown, fields: readonly ConfirmationField[]): Readonly<Record<string, string>> | undefined {
  if (body === null || typeof body !== 'object') return undefined;
  const values = fields.map(({ name }) => [name, Object.hasOwn(body, name) ? (body as Record<string, unknown>)[name] : undefined] as const);
  const isWhole = values.every(([, value]) => typeof value === 'string' && value !== '' && value.length <= LONGEST_VALUE);
  return isWhole ? (Object.fromEntries(values) as Record<string, string>) : undefined;
}

function exhausted(id: string, waitMs: number): FailedConfirmation {
  const text = `Too many tries. Please wait ${waitingTime(waitMs)}, or use another way.`;
  return new FailedConfirmation(id, 'attempts_exhausted', text, Math.ceil(waitMs / 1_000));
}

function formView({ fields, id, title }: FormSettings, hand: string, { base, failed }: MethodPlace): Html {
  const hasFailed = failed !== undefined;
  const action = `${base}/form?way=${id}${hand === '' ? '' : `&${hand}`}`;
  return html`<form method="post" action="${action}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${hasFailed && html`<p class="error" id="${id}-error" role="alert">${failed}</p>`}
${fields.map((field, index) => fieldView(id, field, hasFailed, index === 0))}
<button class="first">Confirm</button>
</form>`;
}

/** After a try that failed, the first field has the focus, and is read out with why it failed. */
function fieldView(
  id: string,
  { autocomplete = 'off', inputMode, label, name, type = 'password' }: ConfirmationField,
  hasFailed: boolean,
  isFirst: boolean,
): Html {
  const field = `${id}-${name}`;
  return html`<label for="${field}">${label}</label>
<input id="${field}" name="${name}" type="${type}" autocomplete="${autocomplete}" maxlength="${LONGEST_VALUE}" required${
    inputMode !== undefined && html` inputmode="${inputMode}"`
  }${hasFailed && html` aria-invalid="true" aria-describedby="${id}-error"`}${hasFailed && isFirst && html` autofocus`}>`;
}
