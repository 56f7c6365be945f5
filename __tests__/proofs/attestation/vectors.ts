import { readFileSync } from 'node:fs';

interface AttestationVector {
  readonly attestation: string;
  readonly keyId: string;
  readonly challenge: string;
}

/** What real devices made. Whose test data it is stands in the file. */
export const vectors: {
  readonly appAttest: {
    readonly teamId: string;
    readonly bundleId: string;
    readonly production: AttestationVector;
    readonly development: AttestationVector;
    readonly assertion: { readonly assertion: string; readonly clientData: string; readonly publicKey: string };
  };
  readonly androidKey: {
    readonly packageName: string;
    readonly signatureDigest: string;
    readonly unlocked: readonly string[];
    readonly pixel9: readonly string[];
    readonly pixel9a: readonly string[];
    readonly pixel9aStrongBox: readonly string[];
  };
} = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8'));
