import type { BindingMethod, DeviceBinding, DeviceVoucher, SessionDevice } from '../policy/device.ts';

/*
 * What a session knows of its device, as it stands in the line about its subject. Always five parts in this order, 0 for one that is
 * not there, and no zeros at the end; so one device has one text.
 *
 *   [["<id of the known device>",at],["p","<thumbprint of the key>",provenAt],[at,until],[at,until],["<id of the workstation>"]]
 *
 * The letter says how the key proves itself; the two parts after it are about attestation and management.
 */

type Part = readonly unknown[];

const LETTERS: ReadonlyMap<unknown, string> = new Map<BindingMethod, string>([
  ['dpop', 'p'],
  ['dbsc', 'b'],
  ['mtls', 't'],
  ['passkey', 'k'],
]);
const METHODS = new Map<unknown, BindingMethod>([...LETTERS].map(([method, letter]) => [letter, method as BindingMethod]));

const DEVICE_ID = /^[A-Za-z0-9_-]{22}$/;
/** SHA-256 in base64url. */
const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/;

const PARTS: readonly (readonly [name: keyof SessionDevice, read: (part: Part) => object | undefined])[] = [
  ['known', readKnown],
  ['binding', readBinding],
  ['attested', readVoucher],
  ['managed', readVoucher],
  ['workstation', readWorkstation],
];

/** What is written for a device; `undefined` for one of which nothing is known. */
export function encodeDevice(device: SessionDevice | undefined): readonly (Part | 0)[] | undefined {
  const { known, binding, attested, managed, workstation } = device ?? {};
  const parts = [
    known && [known.id, known.at],
    binding && [LETTERS.get(binding.by), binding.key, binding.provenAt],
    attested && [attested.at, attested.until],
    managed && [managed.at, managed.until],
    workstation && [workstation.id],
  ].map((part) => part ?? 0);
  while (parts.at(-1) === 0) parts.pop();
  return parts.length === 0 ? undefined : parts;
}

/** Reads what was written. Whatever is not exactly that is invalid: a device that is half understood could be trusted too much. */
export function decodeDevice(stored: unknown): SessionDevice | undefined | 'invalid' {
  if (stored === undefined) return undefined;
  if (!Array.isArray(stored) || stored.length > PARTS.length || (stored.at(-1) ?? 0) === 0) return 'invalid';
  const device: Partial<Record<keyof SessionDevice, object>> = {};
  for (const [index, [name, read]] of PARTS.entries()) {
    const part: unknown = index < stored.length ? stored[index] : 0;
    const value = Array.isArray(part) ? read(part) : undefined;
    if (value !== undefined) device[name] = value;
    else if (part !== 0) return 'invalid';
  }
  return device as SessionDevice;
}

/**
 * The device as it reads when it has been stored: a copy, with nothing in it that says nothing.
 *
 * @throws {TypeError} for one that can't be stored.
 */
export function soundDevice(device: SessionDevice | undefined): SessionDevice | undefined {
  const sound = decodeDevice(encodeDevice(device));
  if (sound !== 'invalid') return sound;
  throw new TypeError(
    'a device has an id of 22 characters and a thumbprint of 43 characters of base64url, and whole epoch milliseconds that are in order',
  );
}

/** Whether two devices say the same, in whatever order. */
export function isSameDevice(one: SessionDevice | undefined, other: SessionDevice | undefined): boolean {
  return JSON.stringify(encodeDevice(one)) === JSON.stringify(encodeDevice(other));
}

function readKnown([id, at, ...more]: Part): SessionDevice['known'] {
  return isText(id, DEVICE_ID) && isInstant(at) && more.length === 0 ? { id, at } : undefined;
}

function readBinding([letter, key, provenAt, ...more]: Part): DeviceBinding | undefined {
  const by = METHODS.get(letter);
  return by !== undefined && isText(key, THUMBPRINT) && isInstant(provenAt) && more.length === 0 ? { by, key, provenAt } : undefined;
}

function readVoucher([at, until, ...more]: Part): DeviceVoucher | undefined {
  return isInstant(at) && isInstant(until) && until >= at && more.length === 0 ? { at, until } : undefined;
}

function readWorkstation([id, ...more]: Part): SessionDevice['workstation'] {
  return isText(id, DEVICE_ID) && more.length === 0 ? { id } : undefined;
}

function isText(value: unknown, form: RegExp): value is string {
  return typeof value === 'string' && form.test(value);
}

function isInstant(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
