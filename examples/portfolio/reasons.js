const SENTENCES = {
  idle_timeout: 'Your session ended because nothing happened in it for a while.',
  absolute_timeout: 'Your session ended because it reached its longest duration.',
  session_revoked: 'Your session was ended from elsewhere.',
  session_limit: 'Your session was ended by a sign-in on another device.',
  signed_out: 'You are signed out.',
};

/** Why there is no session any more, in a sentence; `undefined` if there was none. */
export function whyEnded(req) {
  return req.sessionPolicy.subject === undefined ? SENTENCES[req.sessionPolicy.decision.reason] : undefined;
}
