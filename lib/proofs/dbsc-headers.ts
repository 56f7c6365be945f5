/**
 * The header fields of Device Bound Session Credentials (W3C draft). They are structured fields (RFC 9651); browsers send identifiers and
 * proofs bare, too, which no structured field may be.
 */

/** Longer than a proof with an RSA key of 4,096 bits. */
const LONGEST = 8_192;
/** Everything that we give out and get back is base64url, with dots between parts. */
const ITEM = /^(?:"([\w.-]+)"|([\w.-]+))(?:;.*)?$/;

/** The one value of a `Secure-Session-Response` or `Sec-Secure-Session-Id`, quoted or bare; `undefined` for anything else. */
export function readDbscItem(header: string | readonly string[] | undefined): string | undefined {
  if (typeof header !== 'string' || header.length > LONGEST) return undefined;
  const [, quoted, bare] = ITEM.exec(header.trim()) ?? [];
  return quoted ?? bare;
}

/** Why a browser went on without a fresh proof, as `Secure-Session-Skipped` says. */
export type SkipReason = 'unreachable' | 'server_error' | 'quota_exceeded' | 'other';

const SKIP_REASONS: readonly SkipReason[] = ['quota_exceeded', 'server_error', 'unreachable'];

/** `undefined` if it did not skip anything. Whatever else the field holds is the client's text and goes nowhere. */
export function readSkipReason(header: string | readonly string[] | undefined): SkipReason | undefined {
  if (typeof header !== 'string') return undefined;
  const named = header.split(',').map((item) => item.split(';')[0]?.trim());
  return SKIP_REASONS.find((reason) => named.includes(reason)) ?? 'other';
}

/** Value of `Secure-Session-Registration`: asks the browser to make a key and to prove it at `path`. */
export function registrationHeader(path: string, challenge: string): string {
  return `(ES256 RS256);path=${quoted(path)};challenge=${quoted(challenge)}`;
}

/** Value of `Secure-Session-Challenge`: what the next proof of a session has to contain. */
export function challengeHeader(challenge: string, identifier: string): string {
  return `${quoted(challenge)};id=${quoted(identifier)}`;
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
