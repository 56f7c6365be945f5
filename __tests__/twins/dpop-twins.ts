import type { Twin } from './twin.ts';

const PROOF = { file: 'lib/proofs/dpop-proof.ts', test: '__tests__/proofs/dpop-proof.test.ts', threat: 'tokens' } as const;
const KEY = { file: 'lib/proofs/dpop-key.ts', test: '__tests__/proofs/dpop-proof.test.ts', threat: 'tokens' } as const;
const ADDRESS = { file: 'lib/proofs/dpop-address.ts', test: '__tests__/proofs/dpop-address.test.ts', threat: 'tokens' } as const;
const NONCE = { file: 'lib/proofs/dpop-nonce.ts', test: '__tests__/device/dpop-nonce.test.ts', threat: 'tokens' } as const;
const EVIDENCE = { file: 'lib/express/device/native/dpop-evidence.ts', test: '__tests__/device/dpop.test.ts', threat: 'tokens' } as const;
const TOKEN = {
  file: 'lib/express/device/native/dpop-access-token.ts',
  test: '__tests__/device/dpop-access-token.test.ts',
  threat: 'tokens',
} as const;

/** What a proof says, each claim and header by itself. */
const contents: readonly Twin[] = [
  {
    ...PROOF,
    name: 'dpop-any-type',
    find: "if (head.typ !== TYPE) return 'type';",
    replace: '',
    pattern: 'another typ',
  },
  {
    ...PROOF,
    name: 'dpop-any-algorithm',
    find: "if (!isDpopAlgorithm(head.alg)) return 'algorithm';",
    replace: "if (head.alg === 'none') return 'algorithm';",
    pattern: 'the public key is no secret for HS256',
  },
  {
    ...PROOF,
    name: 'dpop-critical-extensions-overlooked',
    find: "head === undefined || head['crit'] !== undefined",
    replace: 'head === undefined',
    pattern: 'a critical extension',
  },
  {
    ...PROOF,
    name: 'dpop-signature-unchecked',
    find: 'const verified = await compactVerify(jwt, key, { algorithms: [alg] }).catch(() => undefined);',
    replace:
      "const verified = { payload: Buffer.from(jwt.split('.')[1] as string, 'base64url'), key, alg, of: compactVerify } as { payload: Uint8Array } | undefined;",
    pattern: 'a signature of another key than the one that it names',
  },
  {
    ...PROOF,
    name: 'dpop-for-any-method',
    find: "if (htm !== target.method) return 'method';",
    replace: '',
    pattern: 'another method',
  },
  {
    ...PROOF,
    name: 'dpop-for-any-address',
    find: "if (target.address === undefined || addressOfProof(htu) !== target.address) return 'address';",
    replace: 'addressOfProof(htu);',
    pattern: 'another path',
  },
  {
    ...PROOF,
    name: 'dpop-for-no-address',
    find: 'target.address === undefined || ',
    replace: '',
    pattern: 'for a request that has no address',
  },
  {
    ...PROOF,
    name: 'dpop-for-any-token',
    find: "if (ath !== (target.token === undefined ? undefined : hashOfToken(target.token))) return 'token';",
    replace: 'hashOfToken(String(ath));',
    pattern: 'ath of another token',
  },
  {
    ...PROOF,
    name: 'dpop-of-a-token-signs-in',
    find: 'ath !== (target.token === undefined ? undefined : hashOfToken(target.token))',
    replace: 'target.token !== undefined && ath !== hashOfToken(target.token)',
    pattern: 'a proof that names a token, for a request without one',
  },
  {
    ...PROOF,
    name: 'dpop-id-of-one-key-is-that-of-all',
    find: '`${thumbprint}.${jti}`',
    replace: 'jti',
    pattern: 'the same jti of another key is another id',
  },
  {
    ...KEY,
    name: 'dpop-private-key-taken',
    find: ' || PRIVATE.some((name) => Object.hasOwn(jwk, name))',
    replace: ' || PRIVATE.length === 0',
    pattern: 'a private key of ES256 is not taken',
  },
  {
    ...KEY,
    name: 'dpop-key-in-other-spellings',
    find: "return typeof text === 'string' && text.length === characters && isCanonical(text);",
    replace: "return typeof text === 'string' && text.length === characters;",
    pattern: 'another spelling of the same key is none',
  },
  {
    ...KEY,
    name: 'dpop-rsa-key-of-any-size',
    find: 'return bytes.length <= RSA_BYTES.most && first > 0',
    replace: 'return first >= 0',
    pattern: '4,104 bits',
  },
  {
    ...KEY,
    name: 'dpop-keys-remembered-for-ever',
    find: 'this.#before = this.#keys;',
    replace: 'this.#before = new Map([...this.#before, ...this.#keys]);',
    pattern: 'no more keys are remembered than there is room for',
  },
  {
    ...ADDRESS,
    name: 'dpop-address-with-steps-up',
    find: ' || DOT_SEGMENT.test(path)',
    replace: ' || DOT_SEGMENT.test("")',
    pattern: 'a request that no proof can be for to "/a/../me"',
  },
  {
    ...ADDRESS,
    name: 'dpop-encoded-slash-is-a-slash',
    find: 'const UNRESERVED = /[A-Za-z0-9\\-._~]/;',
    replace: 'const UNRESERVED = /[A-Za-z0-9\\-._~/]/;',
    pattern: 'https://phone.example/a/b is not /a%2fb',
  },
];

/** When it is good, how often, and for which token. */
const uses: readonly Twin[] = [
  {
    ...EVIDENCE,
    name: 'dpop-proof-used-again',
    find: "if (!this.#isUnused) return 'used';",
    replace: '',
    pattern: 'a proof that was used',
  },
  {
    ...EVIDENCE,
    name: 'dpop-proof-forgotten-too-early',
    find: 'const REMEMBERED_MS = 75_000;',
    replace: 'const REMEMBERED_MS = 60_000;',
    pattern: 'a proof that was used',
  },
  {
    ...EVIDENCE,
    name: 'dpop-proof-of-any-age',
    find: 'now - proof.at <= this.#windowMs && ',
    replace: 'this.#windowMs > 0 && ',
    pattern: 'a clock that is -61 s ahead',
  },
  {
    ...EVIDENCE,
    name: 'dpop-proof-from-the-future',
    find: ' && proof.at - now <= AHEAD_MS',
    replace: ' && AHEAD_MS > 0',
    pattern: 'a clock that is 6 s ahead',
  },
  {
    ...EVIDENCE,
    name: 'dpop-proof-under-the-scheme-bearer',
    find: "if (presented !== undefined && (presented.scheme !== 'DPoP' || presented.token === undefined)) return 'scheme';",
    replace: '',
    pattern: 'under the scheme of tokens that need none',
  },
  {
    ...EVIDENCE,
    name: 'dpop-scheme-for-a-bearer-token',
    find: "return isOfOtherKind && this.presented !== undefined ? 'token-unbound' : undefined;",
    replace: "return isOfOtherKind && this.presented === undefined ? 'token-unbound' : undefined;",
    pattern: 'gains nothing by the other scheme or a proof',
  },
  {
    ...EVIDENCE,
    name: 'dpop-scheme-without-a-proof',
    find: 'if (dpop === undefined && (authorization === undefined || !DPOP_SCHEME.test(authorization))) return undefined;',
    replace: 'if (dpop === undefined && (authorization === undefined || DPOP_SCHEME.test(authorization))) return undefined;',
    pattern: 'gains nothing by the other scheme or a proof',
  },
  {
    ...EVIDENCE,
    test: '__tests__/device/dpop-nonce.test.ts',
    name: 'dpop-nonce-not-asked-for',
    find: "if (this.proof?.nonce === undefined && nonces.required) this.fault ??= 'nonce-missing';",
    replace: '',
    pattern: 'a proof needs the nonce that the refusal brings',
  },
  {
    ...EVIDENCE,
    test: '__tests__/device/dpop-nonce.test.ts',
    name: 'dpop-any-nonce',
    find: "return proof.nonce === undefined || this.#nonces.isAccepted(proof.nonce, now) ? undefined : 'nonce-unknown';",
    replace: 'return undefined;',
    pattern: 'is none, nor is what a client made up',
  },
  {
    ...NONCE,
    name: 'dpop-nonce-of-any-app',
    find: "createHmac('sha256', key).update(name)",
    replace: "createHmac('sha256', key).update(name.split(' ')[1] as string)",
    pattern: 'is none, nor is what a client made up',
  },
  {
    ...NONCE,
    name: 'dpop-nonce-without-end',
    find: '.update(name)',
    replace: ".update(name.split(' ')[0] as string)",
    pattern: 'it is good for its minute and the next',
  },
  {
    ...TOKEN,
    name: 'dpop-jwt-of-another-key',
    find: "return proof?.key === jkt ? undefined : 'other-key';",
    replace: 'return proof === undefined ? "other-key" : undefined;',
    pattern: 'with the proof of another key',
  },
  {
    ...TOKEN,
    name: 'dpop-jwt-bound-to-nothing',
    find: "if (typeof jkt !== 'string' || jkt === '') return 'token-unbound';\n  return proof?.key === jkt",
    replace: 'if (jkt === undefined) return undefined;\n  return proof?.key === jkt',
    pattern: 'is refused if it is bound to',
  },
  {
    ...TOKEN,
    name: 'dpop-jwt-other-than-the-one-presented',
    find: "if (presented.token !== token) return 'token';",
    replace: '',
    pattern: 'has to be the one that was presented',
  },
  {
    ...TOKEN,
    name: 'dpop-jwt-unchecked-in-an-outage',
    find: 'context.dpop?.isSettled === true ? context.dpop : await checkNow(context)',
    replace: 'context.dpop ?? (await checkNow(context))',
    pattern: 'while the store is out nothing counts as proved',
  },
  {
    file: 'lib/express/session-cookies.ts',
    test: '__tests__/device/dpop.test.ts',
    threat: 'data',
    name: 'token-in-a-shared-cache',
    find: "    context.res.setHeader('Cache-Control', 'no-store');\n    return;",
    replace: '    return;',
    pattern: 'is kept by no cache',
  },
  {
    file: 'lib/express/session-handle.ts',
    test: '__tests__/device/dpop-renewal.test.ts',
    threat: 'sessions',
    name: 'renewal-counts-as-an-authentication',
    find: "this.#rotate('renewed', undefined)",
    replace: "this.#rotate('renewed', { level: 'aal2', methods: [] })",
    pattern: 'no limit begins anew, nor what was confirmed',
  },
];

/** Twins of the proof of possession of native clients (RFC 9449), and of what comes with tokens in a header. */
export const dpopTwins: readonly Twin[] = [...contents, ...uses];
