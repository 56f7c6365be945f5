import type { NextFunction } from 'express';
import { StoreUnavailableError } from '../sessions/errors.ts';
import { answerFailure } from './answers.ts';
import { enforce } from './admission.ts';
import type { RequestContext } from './request-context.ts';

/**
 * What becomes of a request whose session could not be read. 503, unless the profile of a public page says to go on without a
 * session; then what the page puts into its session is not kept, and signing in still fails.
 */
export function meetOutage(context: RequestContext, error: unknown, next: NextFunction): void {
  const { profile, name } = context.runtime.app;
  if (!(error instanceof StoreUnavailableError) || profile.onStoreError !== 'anonymous') return answerFailure(context, error);
  context.engine.settings.log({ code: 'store_unavailable', message: `${error.message}; going on without a session`, app: name });
  context.ephemeral = true;
  context.use(undefined);
  const decision = context.decide(0);
  if (decision.outcome !== 'allow') return answerFailure(context, error);
  void enforce(context, decision, next);
}
