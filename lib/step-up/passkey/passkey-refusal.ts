import { FailedConfirmation, type FailedReason } from '../confirmation/failed-confirmation.ts';

/** Names the method in addresses, and in what is told of a try. */
export const PASSKEY = 'passkey';

type PasskeyReason = Extract<FailedReason, `passkey_${string}` | 'challenge_expired'>;

const TEXTS: Readonly<Record<PasskeyReason, string>> = {
  passkey_missing: 'No passkey is set up for this account.',
  passkey_unknown: 'This passkey does not belong to this account.',
  passkey_refused: 'The passkey could not be accepted. Please try again, and unlock it with your fingerprint, face or PIN.',
  passkey_synced:
    'This passkey is kept on several devices, so it does not show which one this is. Please use one that stays on this device, or a security key.',
  passkey_other: 'This session belongs to another passkey or device. Please use that one, or sign out and sign in again.',
  challenge_expired: 'That took too long, or it was used already. Please try again.',
};

/** Why a passkey was not taken, in words for the person. */
export function refusal(reason: PasskeyReason): FailedConfirmation {
  return new FailedConfirmation(PASSKEY, reason, TEXTS[reason]);
}
