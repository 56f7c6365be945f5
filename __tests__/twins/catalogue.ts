import { decisionTwins } from './decision-twins.ts';
import { documentTwins } from './document-twins.ts';
import { expressTwins } from './express-twins.ts';
import { policyTwins } from './policy-twins.ts';
import type { Twin } from './twin.ts';

/** Every weakened twin. One list for each part of lib; run them with `npm run twins`, or some with `npm run twins -- <name>`. */
export const catalogue: readonly Twin[] = [...policyTwins, ...decisionTwins, ...documentTwins, ...expressTwins];
