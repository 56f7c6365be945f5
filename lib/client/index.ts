export { fetchWithStepUp, type StepUpFetchOptions } from './fetch-with-step-up.ts';
export type { SessionProblem } from './problem.ts';
export type { LimitStatus, PerLimit, SessionStatus } from './session-status.ts';
export type { SessionTexts } from './texts.ts';
export { type SessionEnd, type SessionWarning, type SessionWatch, type WatchOptions, watchSession } from './watch-session.ts';
