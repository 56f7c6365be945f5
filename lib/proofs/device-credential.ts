/** What an enrolled device carries, once its signature was found good: which device it is, for whom, and the secret that shows it. */
export interface DeviceCredential {
  readonly app: string;
  readonly profile: string;
  /** Tag of the subject who has enrolled the device. */
  readonly tag: string;
  readonly id: string;
  /** One of a chain: each renewal replaces it by the next. */
  readonly secret: string;
}

/** A device that several people have enrolled carries a credential for each; that of the last one who signed in comes first. */
const MOST = 4;
/** No text of base64url has it. */
const SEPARATOR = '.';
const LONGEST = 4_000;

const TAG = /^[A-Za-z0-9_-]{16}$/;
const ID = /^[A-Za-z0-9_-]{22}$/;
const SECRET = /^[A-Za-z0-9_-]{43}$/;

/**
 * The credentials in what a client sent. What is none of ours, or for another app or profile, is left out.
 *
 * @param read The value of a text that we signed; `undefined` for any other.
 */
export function readCredentials(text: string, app: string, profile: string, read: (text: string) => unknown): readonly DeviceCredential[] {
  if (text.length > LONGEST) return [];
  const texts = text.split(SEPARATOR, MOST + 1);
  if (texts.length > MOST) return [];
  return texts.map((one) => credentialIn(read(one))).filter((one): one is DeviceCredential => one?.app === app && one.profile === profile);
}

/** What a client is to send: the credentials in this order, as many as it may have. */
export function writeCredentials(credentials: readonly DeviceCredential[], sign: (value: unknown) => string): string {
  return credentials
    .slice(0, MOST)
    .map(({ app, profile, tag, id, secret }) => sign([app, profile, tag, id, secret]))
    .join(SEPARATOR);
}

function credentialIn(value: unknown): DeviceCredential | undefined {
  if (!Array.isArray(value) || value.length !== 5 || !value.every((one) => typeof one === 'string')) return undefined;
  const [app, profile, tag, id, secret] = value as [string, string, string, string, string];
  return TAG.test(tag) && ID.test(id) && SECRET.test(secret) ? { app, profile, tag, id, secret } : undefined;
}
