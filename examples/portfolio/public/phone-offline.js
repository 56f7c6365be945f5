import { sign } from './phone-key.js';

const REASONS = {
  lease_overdue: 'the lease was over',
  lease_revoked: 'the session was ended meanwhile',
};

/** What the phone has with it while it has no connection. */
export function takeAlong(key, { lease, id, issuedAt, expiresAt }) {
  const leftAt = performance.now();
  const queue = [];
  // Clocks can be changed. The time that has passed since the lease was given is harder to change.
  const now = () => Math.round(issuedAt + performance.now() - leftAt);

  return {
    secondsLeft: () => Math.max(0, Math.ceil((expiresAt - now()) / 1_000)),
    count: () => queue.length,
    async note() {
      const action = { visit: queue.length + 1 };
      queue.push(await sign(key, 'offline-action+jwt', { lease: id, seq: queue.length, at: now(), scope: 'visits:write', action }));
    },
    /** What is brought back. */
    luggage: () => ({ lease, actions: queue }),
  };
}

/** What became of it: in a sentence, and in a line for each visit. */
export function inWords({ outcome, reason, actions }) {
  const lines = actions.map((one) => (one.reason === undefined ? one.outcome : `refused: ${REASONS[one.reason] ?? one.reason}`));
  if (outcome === 'settled') return { sentence: 'Online. The report: settled.', lines };
  return { sentence: `Online. The report: refused, because ${REASONS[reason] ?? reason}.`, lines };
}
