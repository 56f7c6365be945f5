/** What a person is told. Says what to do next, and nothing about the policy that an attacker could use. */
interface Explanation {
  readonly title: string;
  readonly detail: string;
}

const SIGN_IN = 'Please sign in.';
const CONFIRM = "Please confirm that it's you.";

const TEXTS: Readonly<Record<string, Explanation>> = {
  session_missing: { title: 'Sign-in required', detail: SIGN_IN },
  session_invalid: { title: 'Session not valid', detail: SIGN_IN },
  signed_out: { title: 'Signed out', detail: `You have signed out. ${SIGN_IN}` },
  session_revoked: { title: 'Session ended', detail: `The session was ended from elsewhere. ${SIGN_IN}` },
  session_rotated: { title: 'Session replaced', detail: 'This session was replaced by a newer one.' },
  session_limit: { title: 'Session ended', detail: `The session was ended by a sign-in on another device. ${SIGN_IN}` },
  idle_timeout: { title: 'Session expired', detail: `The session ended because it was not used for a while. ${SIGN_IN}` },
  absolute_timeout: { title: 'Session expired', detail: `The session reached its longest duration. ${SIGN_IN}` },
  context_changed: { title: 'Session ended', detail: `Something about the session has changed. ${SIGN_IN}` },
  route_idle_timeout: { title: 'Confirmation required', detail: `You were away for a while. ${CONFIRM}` },
  reauthentication_required: { title: 'Confirmation required', detail: `This needs a recent sign-in. ${CONFIRM}` },
  assurance_insufficient: { title: 'Stronger sign-in required', detail: 'This needs a stronger way of signing in.' },
  step_up_refused: { title: 'Not possible here', detail: 'This cannot be done on this kind of device.' },
  device_trust_insufficient: { title: 'Device not accepted', detail: 'This needs a device that has been proved to be yours.' },
  device_proof_missing: {
    title: 'Proof of the device missing',
    detail: 'This session can be used only by the device that it was started on. Nothing was done.',
  },
  device_proof_invalid: {
    title: 'Proof of the device not accepted',
    detail: 'What should prove the device does not hold. Nothing was done.',
  },
  device_nonce_required: {
    title: 'Another proof required',
    detail: 'The device has to prove itself again, with the value that came with this answer.',
  },
  device_not_enrolled: {
    title: 'Device not enrolled',
    detail: 'This can be used only on devices that an administrator has set up for it.',
  },
  approval_required: { title: 'Approval required', detail: 'Another person has to approve this first.' },
  request_expired: {
    title: 'No longer there',
    detail:
      'This was sent already, or it is not kept any longer. Nothing more has been done; please look whether it was done, or begin again.',
  },
  subject_kind_refused: { title: 'Not for this kind of account', detail: 'This application does not accept this kind of account.' },
  workload_token_required: { title: 'Workload token required', detail: 'This application accepts workload tokens only.' },
  condition_blocked: { title: 'Blocked', detail: 'A rule of this application does not permit the request.' },
  app_unknown: { title: 'Not served', detail: 'No application is configured for this address.' },
  path_ambiguous: { title: 'Ambiguous address', detail: 'The path can be read in more than one way.' },
  method_ambiguous: { title: 'Ambiguous method', detail: 'The request asks to be taken for more than one method.' },
  cross_site_request: {
    title: 'Cross-site request refused',
    detail: 'The request came from another site. Go back, reload the page and try again.',
  },
  store_unavailable: {
    title: 'Temporarily unavailable',
    detail: 'Sessions cannot be read or stored at the moment. Nothing was changed; please try again.',
  },
  session_ended: { title: 'Session ended', detail: SIGN_IN },
  session_unknown: { title: 'No such session', detail: 'None of your sessions has this name. It may have ended meanwhile.' },
  device_unknown: { title: 'No such device', detail: 'None of your devices has this name. It may have been forgotten meanwhile.' },
  device_foreign: {
    title: 'Device not accepted',
    detail: 'The key of this device is in use by another account. Make a new one for this account.',
  },
  enrolment_refused: { title: 'Device not remembered', detail: `This device cannot be remembered now. ${CONFIRM}` },
  label_invalid: { title: 'Name not accepted', detail: 'The name of a device has 1 to 64 characters on one line.' },
  route_unknown: { title: 'No such route', detail: 'This is not the path of a page of this application.' },
  body_unreadable: { title: 'Not readable', detail: 'What was sent is too long, or in a form that is not taken here.' },
  remembered_refused: { title: 'Sign-in required', detail: `This device remembers nobody. ${SIGN_IN}` },
  session_too_large: { title: 'Session too large', detail: 'The session holds more than can be kept.' },
  session_unserializable: { title: 'Session not stored', detail: 'The session holds something that cannot be stored.' },
};

const FALLBACK: Explanation = { title: 'Not possible', detail: 'The request could not be completed.' };

export function explanation(reason: string): Explanation {
  return TEXTS[reason] ?? FALLBACK;
}
