import { randomBytes } from 'node:crypto';

/** Crockford's base 32: nothing that could be read as something else, and no words. */
const SYMBOLS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** 80 bits: nobody guesses it online, and nobody who reads what the store keeps of it finds it while it is good. */
const LENGTH = 16;
const GROUP = /.{4}(?=.)/g;
const CODE = new RegExp(`^[${SYMBOLS}]{${LENGTH}}$`);

/** A code that a person types in, in four groups of four. */
export function newCode(): string {
  // 32 symbols divide 256: each is as likely as any other.
  const symbols = Array.from(randomBytes(LENGTH), (byte) => SYMBOLS[byte % SYMBOLS.length]).join('');
  return symbols.replace(GROUP, '$&-');
}

/** A code as it was typed in, in the one spelling that is compared; `undefined` for what can be none. */
export function typedCode(typed: unknown): string | undefined {
  if (typeof typed !== 'string' || typed.length > 64) return undefined;
  const symbols = typed
    .toUpperCase()
    .replace(/[\s\-–—]/g, '')
    .replace(/O/g, '0')
    .replace(/[IL]/g, '1');
  return CODE.test(symbols) ? symbols : undefined;
}
