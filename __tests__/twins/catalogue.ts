import { approvalTwins } from './approval-twins.ts';
import { confirmationTwins } from './confirmation-twins.ts';
import { decisionTwins } from './decision-twins.ts';
import { documentTwins } from './document-twins.ts';
import { expressTwins } from './express-twins.ts';
import { interruptionTwins } from './interruption-twins.ts';
import { oidcTwins } from './oidc-twins.ts';
import { policyTwins } from './policy-twins.ts';
import { sessionViewTwins } from './session-view-twins.ts';
import { sharedDeviceTwins } from './shared-device-twins.ts';
import { keptFormTwins } from './kept-form-twins.ts';
import { noteTwins } from './store-note-twins.ts';
import { dbscTwins } from './dbsc-twins.ts';
import { devicePolicyTwins } from './device-policy-twins.ts';
import { knownTwins } from './known-twins.ts';
import { storeDeviceTwins } from './store-device-twins.ts';
import { clientCertificateTwins, workstationTwins } from './certificate-and-workstation-twins.ts';
import { offlineTwins } from './offline-twins.ts';
import { dpopTwins } from './dpop-twins.ts';
import { attestTwins } from './attest-twins.ts';
import { hostileDeviceTwins } from './hostile-device-twins.ts';
import type { Twin } from './twin.ts';

/** Every weakened twin. One list for each part of lib; run them with `npm run twins`, or some with `npm run twins -- <name>`. */
export const catalogue: readonly Twin[] = [
  ...policyTwins,
  ...decisionTwins,
  ...documentTwins,
  ...expressTwins,
  ...interruptionTwins,
  ...noteTwins,
  ...sessionViewTwins,
  ...sharedDeviceTwins,
  ...oidcTwins,
  ...confirmationTwins,
  ...approvalTwins,
  ...keptFormTwins,
  ...storeDeviceTwins,
  ...knownTwins,
  ...devicePolicyTwins,
  ...clientCertificateTwins,
  ...workstationTwins,
  ...attestTwins,
  ...dbscTwins,
  ...hostileDeviceTwins,
  ...dpopTwins,
  ...offlineTwins,
];
