import type { Twin } from './twin.ts';

const HEADER = { test: '__tests__/device/mtls-header.test.ts', threat: 'proxies' } as const;
const TLS = { test: '__tests__/device/mtls.test.ts', threat: 'tokens' } as const;
const CERTIFICATE = { file: 'lib/express/device/client-certificate.ts' } as const;
const DESK = { test: '__tests__/device/workstation.test.ts', threat: 'sessions' } as const;
const SECRET = {
  test: '__tests__/device/workstation-secret.test.ts',
  threat: 'sessions',
  file: 'lib/express/device/workstation/workstation-secret.ts',
} as const;
const ENROLMENT = { file: 'lib/express/device/workstation/workstation-enrolment.ts' } as const;
const BOOK = { file: 'lib/express/device/workstation/workstation-book.ts' } as const;
const CREDENTIAL = { file: 'lib/express/device/workstation/workstation-credential.ts' } as const;

/** Twins of client certificates: from the connection and from a proxy. */
export const clientCertificateTwins: readonly Twin[] = [
  {
    ...CERTIFICATE,
    ...HEADER,
    name: 'client-cert-from-any-peer',
    find: 'if (isProxied && engine.settings.clientCertHeader) return inHeader(header);',
    replace: 'if (engine.settings.clientCertHeader) return inHeader(header);',
    pattern: 'of a peer that is not in',
  },
  {
    ...CERTIFICATE,
    ...HEADER,
    name: 'client-cert-that-the-proxy-only-passes-on',
    find: 'isProxied && engine.settings.clientCertHeader',
    replace: 'isProxied',
    pattern: 'of a proxy that is not said to set it',
  },
  {
    ...CERTIFICATE,
    ...HEADER,
    name: 'certificate-of-the-proxy-is-everybodys',
    find: 'return isProxied ? undefined : certificateOfConnection(req.socket);',
    replace: 'return certificateOfConnection(req.socket);',
    pattern: 'nobody is bound to that of the proxy',
  },
  {
    ...CERTIFICATE,
    ...HEADER,
    name: 'malformed-client-cert-is-overlooked',
    find: "if (presented === INVALID) return { fault: 'device_proof_invalid' };",
    replace: 'if (presented === INVALID) return {};',
    pattern: 'refuses the request, wherever it goes',
  },
  {
    ...CERTIFICATE,
    ...HEADER,
    name: 'certificate-counts-past-its-term',
    find: 'presented !== undefined && isInTerm(presented, now)',
    replace: 'presented !== undefined',
    pattern: 'past its term',
  },
  {
    ...HEADER,
    file: 'lib/proofs/client-certificate.ts',
    name: 'bytes-after-the-certificate-are-overlooked',
    find: 'return certificate.raw.equals(der) ? certificateOf(certificate) : undefined;',
    replace: 'return certificateOf(certificate);',
    pattern: 'bytes after the certificate|PEM is an invalid',
  },
  {
    ...TLS,
    file: 'lib/proofs/client-certificate-connection.ts',
    name: 'certificate-of-any-authority',
    find: 'isTls(socket) && socket.authorized ?',
    replace: 'isTls(socket) ?',
    pattern: 'of an authority that nobody knows',
  },
  {
    ...TLS,
    file: 'lib/proofs/client-certificate-connection.ts',
    name: 'another-certificate-on-the-same-connection',
    find: '  socket.disableRenegotiation();\n',
    replace: '',
    pattern: 'is not replaced by another',
  },
  {
    ...TLS,
    file: 'lib/proofs/client-certificate.ts',
    name: 'certificate-counts-before-its-term',
    find: 'return from <= now && now <= until;',
    replace: 'return now <= until;',
    pattern: 'it begins later',
  },
  {
    ...TLS,
    file: 'lib/express/device/device-at-sign-in.ts',
    name: 'certificate-of-somebody-else',
    find: '  else if (binding !== undefined) await claimKey(context, binding.key, subject, keyLifetime(runtime));',
    replace: '',
    pattern: 'the certificate is of one subject',
  },
];

/** Twins of workstations: how one is enrolled, and how a copy of its cookie comes to light. */
export const workstationTwins: readonly Twin[] = [
  {
    ...ENROLMENT,
    ...DESK,
    name: 'workstation-enrolled-by-another-site',
    find: 'if (isCrossSite(req, runtime.app, clientAddress(req, facts.trust))) {',
    replace: 'if (isSafe(req.method) && isCrossSite(req, runtime.app, clientAddress(req, facts.trust))) {',
    pattern: 'by a form of another',
  },
  {
    ...ENROLMENT,
    ...DESK,
    name: 'workstation-enrolled-from-a-blocked-network',
    find: "if (decision.reason === 'condition_blocked') {",
    replace: "if (decision.reason === 'session_missing') {",
    pattern: 'from where a condition lets nobody in',
  },
  {
    ...ENROLMENT,
    ...DESK,
    name: 'codes-tried-at-any-speed',
    find: "return 'too-soon';",
    replace: 'void PAUSE_MS;',
    pattern: 'faster than a person types',
  },
  {
    ...ENROLMENT,
    ...DESK,
    name: 'workstation-under-two-names',
    find: 'await forgetBefore(context, book);',
    replace: 'void forgetBefore;',
    pattern: 'anew: what it was before is forgotten',
  },
  {
    ...BOOK,
    ...DESK,
    name: 'code-is-good-twice',
    find: 'const { now, text } = await this.#store.takeNote({ book: this.#invitations, id: shortDigest(code) });',
    replace: 'const { now, text } = await this.#store.readNote({ book: this.#invitations, id: shortDigest(code) });',
    pattern: 'by a code that was used|twice by a code',
  },
  {
    ...BOOK,
    ...DESK,
    name: 'code-is-good-for-every-kiosk',
    find: 'return `invitation.${this.#app}`;',
    replace: "return 'invitation.all';",
    pattern: 'by a code for another app',
  },
  {
    ...BOOK,
    ...DESK,
    name: 'code-is-good-for-a-day',
    find: 'const note = { text: JSON.stringify(invitation), ttlMs: INVITATION_MS, atMost: AT_MOST };',
    replace: 'const note = { text: JSON.stringify(invitation), ttlMs: 96 * INVITATION_MS, atMost: AT_MOST };',
    pattern: 'by a code of fifteen minutes ago',
  },
  {
    ...DESK,
    file: 'lib/express/device/workstation/workstations.ts',
    name: 'one-workstation-more-drives-another-out',
    find: 'if (size >= MOST_WORKSTATIONS) throw full(app.name);',
    replace: 'void size;',
    pattern: 'is told when there are too many',
  },
  {
    ...CREDENTIAL,
    ...DESK,
    name: 'workstation-of-one-kiosk-in-another',
    find: "if (of !== app || typeof id !== 'string'",
    replace: "if (typeof id !== 'string'",
    pattern: 'that is of another app, not signed, or there twice',
  },
  {
    ...DESK,
    file: 'lib/express/device/workstation/workstation-evidence.ts',
    name: 'workstation-that-was-forgotten-goes-on',
    find: 'if (entry === undefined) return false;',
    replace: 'if (entry === undefined) return true;',
    pattern: 'who works on it stops at once',
  },
  {
    ...DESK,
    file: 'lib/express/device/workstation/workstation-evidence.ts',
    name: 'copied-workstation-stays',
    find: 'if (!(await book.remove(id))) return false;',
    replace: '',
    pattern: 'the other is noticed',
  },
  {
    ...DESK,
    file: 'lib/express/device/workstation/workstation-evidence.ts',
    name: 'renewal-of-a-workstation-that-lost-a-race',
    find: 'if (finding.change !== undefined && !(await book.change(entry, finding.change))) continue;',
    replace: 'if (finding.change !== undefined) await book.change(entry, finding.change);',
    pattern: 'requests that are sent together',
  },
  {
    ...SECRET,
    name: 'copied-secret-stays-good',
    find: 'return isUnderWay ? GOOD : COPIED;',
    replace: 'return isUnderWay || before !== undefined ? GOOD : COPIED;',
    pattern: 'then has been copied|comes to light',
  },
  {
    ...SECRET,
    name: 'secret-is-never-renewed',
    find: 'if (now - record.since < RENEWED_EVERY_MS) return GOOD;',
    replace: 'if (now - record.since > 0) return GOOD;',
    pattern: 'is replaced a day after',
  },
  {
    ...SECRET,
    name: 'secret-in-force-before-it-is-kept',
    find: 'if (now - next.givenAt < SETTLING_MS) return GOOD;\n  const before',
    replace: 'const before',
    pattern: 'not in force before it survives a power cut',
  },
  {
    ...SECRET,
    name: 'secret-given-again-settles-at-once',
    find: 'next: { ...next, givenAt: now }',
    replace: 'next',
    pattern: 'given again, long after',
  },
  {
    ...DESK,
    file: 'lib/express/site-data.ts',
    name: 'sign-out-takes-the-workstation',
    find: 'if (isNavigation(context.req) || hasDeviceCookie(context))',
    replace: 'if (isNavigation(context.req))',
    pattern: 'outlives a sign-out',
  },
];
