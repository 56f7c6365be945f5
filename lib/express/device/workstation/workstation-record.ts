import { z } from 'zod';

/** What the store keeps of an enrolled workstation. It holds no secret, only what secrets are recognised by. */
export interface WorkstationRecord {
  readonly label: string;
  readonly enrolledAt: number;
  /** Digest of the secret that is in use, and since when. */
  readonly current: string;
  readonly since: number;
  /** The one that was given out to take its place, and has not come back yet; what makes it out of the one in use. */
  readonly next?: { readonly digest: string; readonly salt: string; readonly givenAt: number } | undefined;
  /** The one before. */
  readonly before?: { readonly digest: string; readonly replacedAt: number } | undefined;
}

/** What the store keeps of a workstation that may be enrolled, under the digest of the code. */
export interface InvitationRecord {
  /** Which workstation it will be. */
  readonly id: string;
  readonly label: string;
}

const text = z.string().min(1).max(256);
const instant = z.number().int().nonnegative();

const workstationSchema = z.strictObject({
  label: text,
  enrolledAt: instant,
  current: text,
  since: instant,
  next: z.strictObject({ digest: text, salt: text, givenAt: instant }).optional(),
  before: z.strictObject({ digest: text, replacedAt: instant }).optional(),
});

const invitationSchema = z.strictObject({ id: z.string().regex(/^[A-Za-z0-9_-]{22}$/), label: text });

/** The workstation of a text in the store; `undefined` for what is none. */
export function workstationIn(json: string | undefined): WorkstationRecord | undefined {
  return workstationSchema.safeParse(valueOf(json)).data;
}

/** The invitation of a text in the store; `undefined` for what is none. */
export function invitationIn(json: string | undefined): InvitationRecord | undefined {
  return invitationSchema.safeParse(valueOf(json)).data;
}

function valueOf(json: string | undefined): unknown {
  try {
    return json === undefined ? undefined : (JSON.parse(json) as unknown);
  } catch {
    return undefined;
  }
}
