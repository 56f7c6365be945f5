import type { Twin } from './twin.ts';

const COPY = { threat: 'data', file: 'lib/policy/plain-copy.ts', test: '__tests__/policy/document/hostile-input.test.ts' } as const;
const TEXT = { threat: 'data', file: 'lib/policy/yaml-text.ts', test: '__tests__/policy/document/hostile-input.test.ts' } as const;
const FAULTS = '__tests__/policy/document/faults.test.ts';

/** Twins of what is refused when a policy is loaded. */
export const documentTwins: readonly Twin[] = [
  {
    ...COPY,
    name: 'document-proto-key-copied',
    find: "typeof key === 'symbol' || key === '__proto__'",
    replace: "typeof key === 'symbol'",
    pattern: '__proto__',
  },
  {
    ...COPY,
    name: 'document-getter-called',
    find: "if (!('value' in property))",
    replace: "if (!('value' in property)) return this.copy((object as never)[key], [...path, key]);\n    if (!('value' in property))",
    pattern: 'a getter is not called',
  },
  {
    ...COPY,
    name: 'document-class-instances-taken',
    find: '!Array.isArray(value) && !isPlain(value)',
    replace: '!Array.isArray(value) && false',
    pattern: 'an instance of a class is refused|an inherited preset is refused',
  },
  {
    ...COPY,
    name: 'document-size-unbounded',
    find: 'const MOST_VALUES = 500_000;',
    replace: 'const MOST_VALUES = 5_000_000;',
    pattern: 'references that multiply',
  },
  {
    ...TEXT,
    name: 'document-duplicate-keys-taken',
    find: 'uniqueKeys: true',
    replace: 'uniqueKeys: false',
    pattern: 'a key that stands twice',
  },
  {
    ...TEXT,
    name: 'document-known-tags-resolved',
    find: 'resolveKnownTags: false',
    replace: 'resolveKnownTags: true',
    pattern: 'a timestamp',
  },
  { ...TEXT, name: 'document-merge-keys-followed', find: 'merge: false', replace: 'merge: true', pattern: 'a merge key' },
  {
    ...TEXT,
    name: 'document-aliases-unbounded',
    find: 'const MOST_ALIASES = 1_000;',
    replace: 'const MOST_ALIASES = 10_000;',
    pattern: 'aliases that multiply',
  },
  {
    name: 'document-longer-route-idle-taken',
    threat: 'step-up',
    file: 'lib/policy/validation/routes.ts',
    find: "durationMs(route.idle, 'idle') > profile.idle",
    replace: "durationMs(route.idle, 'idle') < 0",
    test: FAULTS,
    pattern: 'longer idle than the profile',
  },
  {
    name: 'document-older-step-up-taken',
    threat: 'step-up',
    file: 'lib/policy/validation/demands.ts',
    find: 'if (maxAge > profile.stepUpCap)',
    replace: 'if (maxAge < 0)',
    test: FAULTS,
    pattern: 'an older step-up than the (?:profile|preset)',
  },
  {
    name: 'document-owner-approves-itself',
    threat: 'sessions',
    file: 'lib/policy/validation/exceptions.ts',
    find: 'person(owner) === person(approvedBy)',
    replace: 'owner === approvedBy',
    test: FAULTS,
    pattern: 'the owner as approver',
  },
  {
    name: 'document-ceiling-passed',
    threat: 'sessions',
    file: 'lib/policy/validation/exceptions.ts',
    find: 'else if (allowed > ceiling)',
    replace: 'else if (allowed < 0 && ceiling > 0)',
    test: FAULTS,
    pattern: 'past the ceiling',
  },
];
