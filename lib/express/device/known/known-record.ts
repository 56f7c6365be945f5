import { z } from 'zod';

/** What the store keeps of a device that a person has enrolled. It holds no secret, only what a secret is recognised by. */
export interface KnownRecord {
  readonly kind: string;
  readonly app: string;
  readonly profile: string;
  readonly label: string;
  readonly enrolledAt: number;
  /** When the credential was last renewed. */
  readonly seenAt: number;
  /** Digest of the secret that is good now. */
  readonly current: string;
  /** The secret before it, when it was replaced, and what makes the new one out of it; `undefined` before the first renewal. */
  readonly before?: { readonly digest: string; readonly salt: string; readonly replacedAt: number } | undefined;
}

const text = z.string().min(1).max(256);
const instant = z.number().int().nonnegative();

const recordSchema = z.strictObject({
  kind: text,
  app: text,
  profile: text,
  label: text,
  enrolledAt: instant,
  seenAt: instant,
  current: text,
  before: z.strictObject({ digest: text, salt: text, replacedAt: instant }).optional(),
});

/** The record of a text in the store; `undefined` for what is none. */
export function recordIn(json: string): KnownRecord | undefined {
  try {
    return recordSchema.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}

export function recordText(record: KnownRecord): string {
  return JSON.stringify(record);
}
