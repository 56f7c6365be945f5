import { shortDigest } from '../short-digest.ts';
import { createHmac, type KeyObject } from 'node:crypto';

/** 132 bits, as everywhere; and always the same length, so that nothing is the beginning of something else. */
const CHARACTERS = 22;

/** A value that JSON can hold. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Digest of what a request is about to do, apart from its values. The query is not part of it. */
export function actionDigest(method: string, path: string): string {
  return shortDigest(`${method} ${path}`);
}

/**
 * Digest of an action and of the values that a person confirms. Keyed: a short value, an amount for one, could be guessed otherwise.
 *
 * @param method What the request is by now: method-override may have made a DELETE of a POST after the action was told.
 * @throws {TypeError} for a value that JSON cannot hold: two different ones could look the same.
 */
export function boundAction(key: KeyObject, action: string, values: unknown, method = ''): string {
  const text = canonicalJson(values, 'bind');
  return action + createHmac('sha256', key).update(`${action} ${method} ${text}`).digest('base64url').slice(0, CHARACTERS);
}

/** One text for each value: keys in order, nothing left out. */
function canonicalJson(value: unknown, at: string): string {
  if (Array.isArray(value)) return `[${value.map((one, index) => canonicalJson(one, `${at}[${index}]`)).join()}]`;
  if (isPlainObject(value)) {
    const entries = Object.keys(value).sort();
    return `{${entries.map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key], `${at}.${key}`)}`).join()}}`;
  }
  const isScalar = value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
  if (isScalar) return JSON.stringify(value);
  const hint = value === undefined ? '; is the body parser (express.json, express.urlencoded) mounted before the guard?' : '';
  throw new TypeError(`${at} is ${describe(value)}, which cannot be bound${hint}`);
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (value === null || typeof value !== 'object') return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function describe(value: unknown): string {
  if (value === undefined) return 'undefined';
  if (value instanceof Promise) return 'a promise (it has to be told at once)';
  return typeof value === 'object' ? 'an object of a class' : `a ${typeof value}`;
}
