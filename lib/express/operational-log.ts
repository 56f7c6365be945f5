import { guardedSink } from './guarded-sink.ts';

/** What the middleware noticed in operation. Never carries a session id, cookie, token or secret. */
export interface LogEntry {
  readonly code:
    | 'credential_invalid'
    | 'session_invalid'
    | 'store_unavailable'
    | 'session_not_saved'
    | 'cookie_over_http'
    | 'check_failed'
    | 'device_proof_skipped'
    | 'device_evidence_refused'
    | 'device_verifier_unavailable'
    | 'client_certificate_ignored'
    | 'workstation_copied'
    | 'device_proof_address'
    | 'layout_failed'
    | 'audit_failed';
  readonly message: string;
  readonly app?: string;
  /** How many of the same kind were left out since the last one. */
  readonly repeated?: number;
}

/**
 * Takes log entries, at most one of a kind and app a second. What it throws or rejects with is dropped.
 *
 * @example const log: Log = (entry) => logger.warn(entry);
 */
export type Log = (entry: LogEntry) => void;

const QUIET_MS = 1_000;

/** Passes on one entry of a kind a second and counts the rest, so that an attack or an outage does not fill a disk. */
export function operationalLog(sink: Log = toConsole): Log {
  const write = guardedSink(sink);
  const quiet = new Map<string, { until: number; repeated: number }>();
  return (entry) => {
    const key = `${entry.code} ${entry.app ?? ''}`;
    const state = quiet.get(key);
    const now = performance.now();
    if (state !== undefined && now < state.until) {
      state.repeated += 1;
      return;
    }
    quiet.set(key, { until: now + QUIET_MS, repeated: 0 });
    write(state === undefined || state.repeated === 0 ? entry : { ...entry, repeated: state.repeated });
  };
}

function toConsole(entry: LogEntry): void {
  const app = entry.app === undefined ? '' : ` [${entry.app}]`;
  const repeated = entry.repeated === undefined ? '' : ` (and ${entry.repeated} more)`;
  console.warn(`express-session-policy: ${entry.code}${app}: ${entry.message}${repeated}`);
}
