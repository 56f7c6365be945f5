import type { Twin } from './twin.ts';

const REG = { test: '__tests__/device/dbsc-registration.test.ts', threat: 'tokens' } as const;
const REF = { test: '__tests__/device/dbsc-refresh.test.ts', threat: 'tokens' } as const;
const DEM = { test: '__tests__/device/dbsc-demand.test.ts', threat: 'sessions' } as const;
const PROOF = { test: '__tests__/device/dbsc-proof.test.ts', threat: 'tokens' } as const;
const REGISTER = { file: 'lib/express/device/browser/dbsc-register.ts' } as const;
const REFRESH = { file: 'lib/express/device/browser/dbsc-refresh.ts' } as const;
const CHALLENGES = { file: 'lib/express/device/browser/dbsc-challenges.ts' } as const;
const COOKIE = { file: 'lib/express/device/browser/bound-cookie.ts' } as const;
/** Twins of what binds a session to the browser that it was begun in. */
export const dbscTwins: readonly Twin[] = [
  {
    name: 'dbsc-proof-of-any-type',
    ...PROOF,
    file: 'lib/proofs/dbsc-proof.ts',
    find: 'if (protectedHeader.typ !== TYPE) return undefined;',
    replace: '',
    pattern: 'of another type holds for nothing',
  },
  {
    name: 'dbsc-refresh-believes-the-key-in-the-proof',
    ...PROOF,
    file: 'lib/proofs/dbsc-proof.ts',
    find: 'await settled(compactVerify(jwt, publicKey, { algorithms: [algorithm] }))',
    replace: '((await settled(compactVerify(jwt, publicKey))) ?? (await settled(compactVerify(jwt, EmbeddedJWK))))',
    pattern: 'by another key',
  },
  {
    name: 'dbsc-key-in-any-spelling',
    ...PROOF,
    file: 'lib/proofs/dbsc-key.ts',
    find: "return Buffer.from(text, 'base64url').toString('base64url') === text;",
    replace: "return text !== '';",
    pattern: 'in another spelling',
  },
  {
    name: 'dbsc-registration-over-http',
    ...REG,
    ...REGISTER,
    find: ' || !context.secure) return undefined;',
    replace: ') return undefined;',
    pattern: 'over http',
  },
  {
    name: 'dbsc-registration-late',
    ...REG,
    ...REGISTER,
    find: 'context.now < answered.until && ',
    replace: '',
    pattern: 'after five minutes',
  },
  {
    name: 'dbsc-registration-again',
    ...REG,
    ...REGISTER,
    find: '(await useChallenge(context, loaded.ref.tag, answered))',
    replace: 'true',
    pattern: 'a copy of it gets no cookie',
  },
  {
    name: 'dbsc-registration-replaces-the-key',
    ...REG,
    ...REGISTER,
    find: 'if (by !== binding.by || key !== binding.key) throw',
    replace: 'if (by !== binding.by) throw',
    pattern: 'never replaces|of two that are under way',
  },
  {
    name: 'dbsc-registration-with-a-foreign-key',
    ...REG,
    ...REGISTER,
    find: 'await claimKey(context, key, record.subject, keyLifetime(runtime));',
    replace: '',
    pattern: 'that another person has',
  },
  {
    name: 'dbsc-challenge-for-anybody',
    ...REG,
    ...CHALLENGES,
    find: 'return forWhom === madeFor ?',
    replace: 'return typeof forWhom === typeof madeFor ?',
    pattern: 'of another session',
  },
  {
    name: 'dbsc-refresh-of-a-copied-proof',
    ...REF,
    ...REFRESH,
    find: 'if (!isFirst || !(now <',
    replace: 'if (answered === undefined || !(now <',
    pattern: 'used before|one counts',
  },
  {
    name: 'dbsc-refresh-with-an-old-challenge',
    ...REF,
    ...REFRESH,
    find: ' || !(now < (answered?.until ?? 0))',
    replace: '',
    pattern: 'outlives the proof',
  },
  {
    name: 'dbsc-refresh-of-a-session-that-is-over',
    ...REF,
    ...REFRESH,
    find: ' || isOver(context, found)',
    replace: '',
    pattern: 'idle too long',
  },
  {
    name: 'dbsc-refresh-takes-the-cookie-of-the-next-session',
    ...REF,
    ...REFRESH,
    find: ' || isReplaced(context, found, listed)',
    replace: '',
    pattern: 'keeps its cookie',
  },
  {
    name: 'dbsc-cookie-of-another-app',
    ...DEM,
    ...COOKIE,
    find: 'return app === name ?',
    replace: "return app !== '' ?",
    pattern: 'for another app',
  },
  {
    name: 'dbsc-proof-without-end',
    ...DEM,
    ...COOKIE,
    find: 'now - proof.binding.provenAt < proof.lifetimeMs',
    replace: 'now >= 0',
    pattern: 'of this moment',
  },
  {
    name: 'dbsc-outage-takes-the-key',
    ...REF,
    ...REFRESH,
    find: 'if (!(error instanceof SessionError) || error instanceof StoreUnavailableError) throw error;',
    replace: 'if (!(error instanceof SessionError)) throw error;',
    pattern: 'fails at changeDevice',
  },
  {
    name: 'dbsc-skip-logged-in-the-words-of-the-client',
    ...DEM,
    file: 'lib/proofs/dbsc-headers.ts',
    find: "?? 'other'",
    replace: '?? (named[0] as SkipReason)',
    pattern: 'in words of ours',
  },
  {
    name: 'dbsc-page-that-can-not-help',
    ...DEM,
    file: 'lib/express/device/browser/device-challenge.ts',
    find: " || !isProofEnough(context, decision, 'dbsc')",
    replace: '',
    pattern: 'no proof would meet|more is asked',
  },
];
