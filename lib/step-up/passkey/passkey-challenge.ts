import { randomBytes } from 'node:crypto';
import type { RequestContext } from '../../express/request-context.ts';
import { keepNote, takeNote } from '../../express/interruption/session-notes.ts';

/** How long a challenge is good for, and how long the browser waits for the person. */
export const CHALLENGE_MS: number = 5 * 60_000;

const ID_BYTES = 16;
const RANDOM_BYTES = 32;

/**
 * A new challenge for this session: the id of a note, and what is in the note.
 *
 * @throws {SessionError} `ERR_SESSION_ENDED`, `ERR_STORE_UNAVAILABLE`
 */
export async function newChallenge(context: RequestContext): Promise<Uint8Array<ArrayBuffer>> {
  const random = randomBytes(RANDOM_BYTES);
  const id = await keepNote(context, 'passkey', random.toString('base64url'), CHALLENGE_MS);
  return new Uint8Array(Buffer.concat([Buffer.from(id, 'base64url'), random]));
}

/**
 * The challenge of this session that a presented one claims to be, in base64url; it is over then, whatever comes of it. Of parallel answers
 * to it, one gets it. `undefined`: used, expired, or another session's.
 *
 * @throws {SessionError} `ERR_SESSION_ENDED`, `ERR_STORE_UNAVAILABLE`
 */
export async function takeChallenge(context: RequestContext, presented: string): Promise<string | undefined> {
  const id = Buffer.from(presented, 'base64url').subarray(0, ID_BYTES);
  const random = await takeNote(context, 'passkey', id.toString('base64url'));
  if (typeof random !== 'string') return undefined;
  return Buffer.concat([id, Buffer.from(random, 'base64url')]).toString('base64url');
}
