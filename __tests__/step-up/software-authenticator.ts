import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import type { Passkey } from '../../lib/step-up/passkey/passkey.ts';

/** What an answer says. Every part can be made wrong; the signature is over what is said, unless it is given too. */
export interface AnswerParts {
  readonly challenge: string;
  readonly origin: string;
  readonly rpId: string;
  readonly type?: string;
  readonly crossOrigin?: boolean | undefined;
  readonly topOrigin?: string;
  /** UP 0x01, UV 0x04. Default: both. */
  readonly flags?: number;
  readonly counter?: number;
  readonly userHandle?: string | undefined;
  readonly credentialId?: string;
  readonly signWith?: KeyObject;
}

/** An authenticator in software, with one ES256 key. It does as it is told, also what a real one never would. */
export class SoftwareAuthenticator {
  readonly id: string = randomBytes(24).toString('base64url');
  readonly userHandle: string;
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  constructor(userHandle = randomBytes(16).toString('base64url')) {
    this.userHandle = userHandle;
  }

  get privateKey(): KeyObject {
    return this.#keys.privateKey;
  }

  /** As it is kept after a registration. */
  passkey(counter = 0): Passkey {
    const { x, y } = this.#keys.publicKey.export({ format: 'jwk' });
    // COSE_Key (RFC 9052 section 7): kty EC2, alg ES256, crv P-256, x, y.
    const publicKey = Buffer.concat([
      Buffer.from('a5010203262001215820', 'hex'),
      Buffer.from(x as string, 'base64url'),
      Buffer.from('225820', 'hex'),
      Buffer.from(y as string, 'base64url'),
    ]);
    return { id: this.id, publicKey, counter, userHandle: this.userHandle, transports: ['internal'] };
  }

  /** AuthenticationResponseJSON (WebAuthn Level 3, section 5.1). */
  answer(parts: AnswerParts): Record<string, unknown> {
    const { challenge, crossOrigin = false, origin, topOrigin, type = 'webauthn.get' } = parts;
    const clientData = { type, challenge, origin, crossOrigin, ...(topOrigin === undefined ? {} : { topOrigin }) };
    const clientDataJSON = Buffer.from(JSON.stringify(clientData));
    const authenticatorData = authenticatorDataOf(parts);
    const signed = Buffer.concat([authenticatorData, createHash('sha256').update(clientDataJSON).digest()]);
    const id = parts.credentialId ?? this.id;
    return {
      id,
      rawId: id,
      type: 'public-key',
      clientExtensionResults: {},
      response: {
        clientDataJSON: clientDataJSON.toString('base64url'),
        authenticatorData: authenticatorData.toString('base64url'),
        signature: sign('sha256', signed, parts.signWith ?? this.privateKey).toString('base64url'),
        userHandle: 'userHandle' in parts ? parts.userHandle : this.userHandle,
      },
    };
  }
}

function authenticatorDataOf({ counter = 0, flags = 0x05, rpId }: AnswerParts): Buffer {
  const count = Buffer.alloc(4);
  count.writeUInt32BE(counter);
  return Buffer.concat([createHash('sha256').update(rpId).digest(), Buffer.from([flags]), count]);
}
