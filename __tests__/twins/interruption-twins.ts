import type { Twin } from './twin.ts';

const RESUMPTION = { file: 'lib/express/interruption/resumption.ts', threat: 'step-up' } as const;
const INTERRUPTED = { test: '__tests__/express/interrupted-requests.test.ts' } as const;
const NEGATIVES = { test: '__tests__/step-up/negatives.test.ts' } as const;
const BOUND = { test: '__tests__/express/bound-actions.test.ts' } as const;
const FRESHNESS = { test: '__tests__/policy/laws/freshness.test.ts' } as const;

/** Twins of requests that wait for a confirmation, and of what a confirmation is for. */
export const interruptionTwins: readonly Twin[] = [
  {
    ...RESUMPTION,
    ...INTERRUPTED,
    name: 'kept-request-stays',
    find: 'const pending = await kept(context, takeNote, note);\n  if (pending === undefined) return expired(context);\n  giveBody',
    replace: 'const pending = await kept(context, peekNote, note);\n  if (pending === undefined) return expired(context);\n  giveBody',
    pattern: 'Express 5 it can be sent once',
  },
  {
    file: 'lib/express/interruption/session-notes.ts',
    threat: 'step-up',
    ...INTERRUPTED,
    name: 'sessions-of-one-person-are-one',
    find: 'subject?.id, origin ?? ref.digest]',
    replace: 'subject?.id]',
    pattern: 'Express 5 it is for the session that began it',
  },
  {
    ...RESUMPTION,
    ...INTERRUPTED,
    name: 'kept-request-goes-on-anywhere',
    find: "target === actionDigest('POST', withoutResumption(req.originalUrl))",
    replace: "target !== ''",
    pattern: 'Express 5 it is for the path and query',
  },
  {
    ...RESUMPTION,
    ...INTERRUPTED,
    name: 'kept-request-takes-another-body',
    find: "if (method !== 'POST' || hasOwnBody(req)) return expired(context);",
    replace: "if (method !== 'POST') return expired(context);",
    pattern: 'Express 5 it does not go on with a body of its own',
  },
  {
    file: 'lib/express/interruption/session-notes.ts',
    threat: 'step-up',
    ...INTERRUPTED,
    name: 'notes-are-readable-in-the-store',
    find: "return new CompactEncrypt(plain).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(this.#keys[0] as KeyObject);",
    replace: 'return Promise.resolve(Buffer.from(plain).toString());',
    pattern: 'of what was kept, the store sees nothing',
  },
  {
    file: 'lib/express/interruption/asked-confirmation.ts',
    threat: 'step-up',
    ...BOUND,
    name: 'asked-of-another-session',
    find: 'loaded !== undefined && asked.session === sessionMark(loaded) ? asked : undefined',
    replace: 'loaded !== undefined ? asked : undefined',
    pattern: 'Express 5.*what one session was asked',
  },
  {
    file: 'lib/express/interruption/action.ts',
    threat: 'step-up',
    ...BOUND,
    name: 'undefined-is-bound',
    find: 'if (isScalar) return JSON.stringify(value);',
    replace: 'if (isScalar || value === undefined) return JSON.stringify(value ?? null);',
    pattern: 'cannot be bound',
  },
  {
    file: 'lib/policy/freshness.ts',
    threat: 'step-up',
    ...FRESHNESS,
    name: 'confirmed-for-one-action-opens-others',
    find: 'return action !== undefined && authenticatedFor.startsWith(action);',
    replace: 'return true;',
    pattern: 'an authentication for one action',
  },
  {
    file: 'lib/policy/freshness.ts',
    threat: 'step-up',
    ...FRESHNESS,
    name: 'confirmed-values-are-forgotten',
    find: 'if (boundTo.length > 0) return boundTo.every(({ value }) => value === authenticatedFor);',
    replace: 'if (boundTo.length > 0) return authenticatedFor !== undefined;',
    pattern: 'an authentication for one action',
  },
  {
    file: 'lib/express/signed-text.ts',
    threat: 'step-up',
    ...NEGATIVES,
    name: 'another-spelling-of-a-signed-text',
    find: " || bytes.toString('base64url') !== text",
    replace: '',
    pattern: 'a byte of it changed, or another spelling',
  },
  {
    file: 'lib/express/answers.ts',
    threat: 'step-up',
    ...NEGATIVES,
    name: 'back-to-any-page-that-a-referer-names',
    find: 'page.host === facts.host && isLocalPath',
    replace: 'isLocalPath',
    pattern: 'by a form whose page says',
  },
  {
    file: 'lib/policy/checks.ts',
    threat: 'step-up',
    test: '__tests__/policy/laws/approvals.test.ts',
    name: 'approval-without-an-end',
    find: ' && now < (approved[value] as number)',
    replace: '',
    pattern: 'is open while every scope',
  },
];
