import type { X509Certificate } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import { Certificate } from '@peculiar/asn1-x509';

/** The DER of an extension of a certificate; `undefined` without it. */
export function extensionOf({ raw }: X509Certificate, id: string): ArrayBuffer | undefined {
  const { tbsCertificate } = AsnConvert.parse(raw, Certificate);
  return tbsCertificate.extensions?.find(({ extnID }) => extnID === id)?.extnValue.buffer;
}
