import type { Request } from 'express';

const LONGEST = 500;
/** What a terminal would carry out, a log would break at, or a reader would see in another order. */
const UNREADABLE = /[\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069]+/gu;

/** A field of the body, if it is a text. */
export function textField({ body }: Request, name: string): string | undefined {
  const value =
    body !== null && typeof body === 'object' && Object.hasOwn(body as object, name)
      ? (body as Readonly<Record<string, unknown>>)[name]
      : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** What a person wrote, on one line; `undefined` for nothing, `false` for more than 500 characters. */
export function wordsField(req: Request, name: string): string | undefined | false {
  const words = (textField(req, name) ?? '').replace(UNREADABLE, ' ').trim();
  if (words === '') return undefined;
  return Array.from(words).length > LONGEST ? false : words;
}
