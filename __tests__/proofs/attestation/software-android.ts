import {
  AttestationApplicationId,
  AttestationPackageInfo,
  AuthorizationList,
  IntegerSet,
  KeyDescription,
  RootOfTrust,
} from '@peculiar/asn1-android';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';

/** What secure hardware says of a key; everything is as it should be unless said otherwise. */
export interface HardwareSays {
  readonly challenge: Buffer;
  readonly packages?: readonly string[];
  readonly digests?: readonly Buffer[];
  readonly attestationLevel?: number;
  readonly keyLevel?: number;
  readonly isLocked?: boolean;
  readonly bootState?: number;
  readonly origin?: number;
  readonly purposes?: readonly number[];
  readonly isForAllApps?: boolean;
  /** The root of trust and the rest are said by software, not by the hardware. */
  readonly isSoftwareOnly?: boolean;
}

export const PACKAGE = 'com.example.app';
export const APP_DIGEST = Buffer.alloc(32, 0xab);

/** The DER of the extension that describes a key. */
export function keyDescription(says: HardwareSays): Uint8Array {
  const { challenge, attestationLevel = 1, keyLevel = 1, isSoftwareOnly = false } = says;
  const hardware = hardwareSays(says);
  const software = { ...(isSoftwareOnly ? hardware : {}), attestationApplicationId: applicationId(says) };
  return new Uint8Array(
    AsnConvert.serialize(
      new KeyDescription({
        attestationVersion: 4,
        attestationSecurityLevel: attestationLevel,
        keymasterVersion: 4,
        keymasterSecurityLevel: keyLevel,
        attestationChallenge: new OctetString(challenge),
        uniqueId: new OctetString(0),
        softwareEnforced: new AuthorizationList(software),
        teeEnforced: new AuthorizationList(isSoftwareOnly ? {} : hardware),
      }),
    ),
  );
}

function hardwareSays({
  isLocked = true,
  bootState = 0,
  origin = 0,
  purposes = [2],
  isForAllApps = false,
}: HardwareSays): Partial<AuthorizationList> {
  const rootOfTrust = new RootOfTrust({
    verifiedBootKey: new OctetString(32),
    deviceLocked: isLocked,
    verifiedBootState: bootState,
    verifiedBootHash: new OctetString(32),
  });
  return { purpose: new IntegerSet([...purposes]), origin, rootOfTrust, ...(isForAllApps && { allApplications: null }) };
}

function applicationId({ packages = [PACKAGE], digests = [APP_DIGEST] }: HardwareSays): OctetString {
  return new OctetString(
    AsnConvert.serialize(
      new AttestationApplicationId({
        packageInfos: packages.map((name) => new AttestationPackageInfo({ packageName: Buffer.from(name) as never, version: 1 })),
        signatureDigests: digests.map((digest) => digest as never),
      }),
    ),
  );
}
