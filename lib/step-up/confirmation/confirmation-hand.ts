import { presentedWayBack, WAY_BACK_PARAMETERS } from '../../express/interruption/asked-confirmation.ts';
import { queryOf } from '../../express/query.ts';
import type { RequestContext } from '../../express/request-context.ts';
import { RETURN_TO_PARAMETER } from '../../express/return-to.ts';

/** The signed way back that the address brings, if it is ours. */
export function signedHand(context: RequestContext): string | undefined {
  const query = queryOf(context.req);
  return WAY_BACK_PARAMETERS.map((name) => query.get(name)).find(
    (text): text is string => text !== null && presentedWayBack(context, text) !== undefined,
  );
}

/** The same as the query of an address, to be handed on. */
export function handIn(context: RequestContext): string | undefined {
  const signed = signedHand(context);
  return signed === undefined ? undefined : `${RETURN_TO_PARAMETER}=${signed}`;
}

/** For a person who came by themselves: they go on at `path`. */
export function handTo({ engine, now, runtime }: RequestContext, path: string): string {
  const signed = engine.returnTo.sign(runtime.app.name, { path, asked: undefined }, now);
  return signed === undefined ? '' : `${RETURN_TO_PARAMETER}=${signed}`;
}
