import type { Request } from 'express';
import getRawBody from 'raw-body';

const LARGEST_BYTES = 64 * 1_024;
/** As it is stored: bytes that no browser sends in a form take more room there. */
const LARGEST_STORED_BYTES = 80 * 1_024;
const FORM = 'application/x-www-form-urlencoded';

/** The body of a form: as it was sent, or as a parser before us has read it. */
export type KeptBody = { readonly type: string; readonly raw: string } | { readonly parsed: unknown };

/** What requests were given. One that is interrupted again is kept as it was: of its own it has nothing. */
const GIVEN = new WeakMap<Request, KeptBody>();

/**
 * The body of a form that can be kept. `undefined` for an upload, a long or compressed one and whatever is no form; of these nothing is read.
 */
export async function keepBody(req: Request): Promise<KeptBody | undefined> {
  const given = GIVEN.get(req);
  if (given !== undefined) return given;
  const { 'content-type': type = FORM, 'content-length': length, 'content-encoding': encoding = 'identity' } = req.headers;
  if (type.split(';')[0]?.trim().toLowerCase() !== FORM || Number(length ?? 0) > LARGEST_BYTES) return undefined;
  if (req.readableDidRead || req.readableEnded) return parsedBody(req);
  if (encoding.toLowerCase() !== 'identity') return undefined;
  try {
    const raw = await getRawBody(req, { limit: LARGEST_BYTES, length: length ?? null });
    return storable({ type, raw: raw.toString('latin1') }, LARGEST_STORED_BYTES);
  } catch {
    return undefined;
  }
}

function parsedBody({ body }: Request): KeptBody | undefined {
  return isFields(body) ? storable({ parsed: body }, LARGEST_BYTES) : undefined;
}

/** Fields and their values, and not bytes or whatever else a parser makes, which would not come back as they were. */
function isFields(body: unknown): boolean {
  if (body === null || typeof body !== 'object') return false;
  const prototype: unknown = Object.getPrototypeOf(body);
  return prototype === Object.prototype || prototype === null;
}

/** A copy, if it is not too long. */
function storable(body: KeptBody, largestBytes: number): KeptBody | undefined {
  const text = JSON.stringify(body);
  return Buffer.byteLength(text) > largestBytes ? undefined : (JSON.parse(text) as KeptBody);
}

/** Whether a request brings a body of its own, which would stand before or in the place of the kept one. */
export function hasOwnBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Gives a request without a body the one that was kept, for whatever reads it: parsers find it as if it had just been sent. */
export function giveBody(req: Request, kept: KeptBody): void {
  GIVEN.set(req, kept);
  delete req.headers['content-length'];
  delete req.headers['content-encoding'];
  if ('parsed' in kept) {
    // What body-parser of Express 4 looks at; that of Express 5 sees that there is no length.
    Object.assign(req, { body: kept.parsed, _body: true });
    return;
  }
  const bytes = Buffer.from(kept.raw, 'latin1');
  req.headers['content-type'] = kept.type;
  req.headers['content-length'] = String(bytes.length);
  if (bytes.length > 0) req.unshift(bytes);
}
