import { createHash, createPublicKey } from 'node:crypto';
import { generate } from 'selfsigned';

/**
 * A key and a certificate for localhost, signed by itself and valid for a day: for https on one's own machine. Browsers warn about it, and are
 * right; `spkiDigest` is for the option of Chromium that admits just this one.
 */
export async function selfSigned() {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    notAfterDate: new Date(Date.now() + 86_400_000),
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
  const spki = createPublicKey(cert).export({ type: 'spki', format: 'der' });
  return { key, cert, spkiDigest: createHash('sha256').update(spki).digest('base64') };
}
