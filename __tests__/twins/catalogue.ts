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
];
