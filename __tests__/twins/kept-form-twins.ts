import type { Twin } from './twin.ts';

const FAULTS = { threat: 'step-up', test: '__tests__/faults/step-up-faults.test.ts' } as const;
const KEPT = { ...FAULTS, file: 'lib/express/interruption/kept-body.ts' } as const;
const RESUMED = { ...FAULTS, file: 'lib/express/interruption/resumption.ts' } as const;

/** Twins of forms that are kept in unusual ways, and of what is asked about them. */
export const keptFormTwins: readonly Twin[] = [
  {
    ...KEPT,
    name: 'given-body-is-forgotten',
    find: 'if (given !== undefined) return given;',
    replace: '',
    pattern: 'what a resumed form is asked about',
  },
  {
    ...KEPT,
    name: 'compressed-form-is-kept',
    find: "if (encoding.toLowerCase() !== 'identity') return undefined;",
    replace: '',
    pattern: 'a compressed form',
  },
  {
    ...KEPT,
    name: 'bytes-are-fields',
    find: 'return prototype === Object.prototype || prototype === null;',
    replace: 'return true;',
    pattern: 'bytes that a parser before us',
  },
  {
    ...RESUMED,
    name: 'resumed-form-names-two-methods',
    find: "if (context.facts.overrideMethods.length > 1) return refuseOutside(context, 'method_ambiguous');",
    replace: '',
    pattern: 'two methods are ambiguous',
  },
  {
    ...RESUMED,
    name: 'denied-is-still-shown',
    find: "isOver || decision.outcome === 'deny'",
    replace: 'isOver',
    pattern: 'what a rule of now denies',
  },
  {
    ...RESUMED,
    name: 'refused-resumption-unrecorded',
    find: '  auditDecision(context, decision);\n',
    replace: '',
    pattern: 'is in the audit',
  },
  {
    ...FAULTS,
    file: 'lib/express/interruption/action.ts',
    name: 'put-opens-delete',
    find: '`${action} ${method} ${text}`',
    replace: '`${action} ${text}`',
    pattern: 'a confirmation to change something',
  },
  {
    ...FAULTS,
    file: 'lib/express/interruption/asked-confirmation.ts',
    name: 'old-authentication-confirms',
    find: 'at < wholeSeconds(askedAt)',
    replace: 'false',
    pattern: 'an authentication from before',
  },
  {
    ...FAULTS,
    file: 'lib/step-up/approval/approval-asking.ts',
    name: 'one-person-fills-the-book',
    find: 'own.length >= MOST_OF_ONE',
    replace: 'false',
    pattern: 'one person cannot fill',
  },
];
