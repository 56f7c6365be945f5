import { randomInt, timingSafeEqual } from 'node:crypto';

/** A new code for the session. A real application sends it to a device of the person; this one shows it. */
export function newCode(req) {
  const code = String(randomInt(1_000_000)).padStart(6, '0');
  req.session.code = code;
  return code;
}

/** Whether the code is the session's. It can be tried once. */
export function spendCode(req, given) {
  const { code } = req.session;
  delete req.session.code;
  const digits = given.replace(/\s/g, '');
  return typeof code === 'string' && digits.length === code.length && timingSafeEqual(Buffer.from(digits), Buffer.from(code));
}
