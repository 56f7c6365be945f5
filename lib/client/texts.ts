import type { SessionProblem } from './problem.ts';

/** What people read. Replace any of it, for another language or in your own words. */
export interface SessionTexts {
  readonly warningTitle: string;
  /** Announced when it appears, and at 60, 30 and 10 seconds. `canExtend`: staying signed in is possible. */
  readonly warning: (seconds: number, canExtend: boolean) => string;
  readonly stay: string;
  readonly close: string;
  readonly signOut: string;
  readonly failed: string;
  readonly endedTitle: string;
  readonly ended: (reason: string) => string;
  readonly signIn: string;
  readonly confirmTitle: string;
  readonly confirm: (problem: SessionProblem) => string;
  readonly openConfirmation: string;
  readonly cancel: string;
}

const LONGEST = 'The session has reached its longest duration.';
const UNUSED = 'The session was not used for a while.';

/** The texts in English. */
export const ENGLISH: SessionTexts = {
  warningTitle: 'Are you still there?',
  warning: (seconds, canExtend) =>
    canExtend
      ? `You will be signed out within ${seconds} seconds.`
      : `You will be signed out within ${seconds} seconds: ${LONGEST} Save what you are doing.`,
  stay: 'Stay signed in',
  close: 'Close',
  signOut: 'Sign out',
  failed: 'That did not work. Please try again.',
  endedTitle: 'You have been signed out',
  ended: (reason) => ({ idle_timeout: UNUSED, absolute_timeout: LONGEST, signed_out: '' })[reason] ?? 'The session has ended.',
  signIn: 'Sign in',
  confirmTitle: "Please confirm that it's you",
  confirm: ({ detail }) => detail,
  openConfirmation: 'Confirm in a new tab',
  cancel: 'Cancel',
};
