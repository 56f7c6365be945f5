import { queryOf } from '../../express/query.ts';
import { presentedWayBack } from '../../express/interruption/asked-confirmation.ts';
import type { RequestContext } from '../../express/request-context.ts';
import { RETURN_TO_PARAMETER } from '../../express/return-to.ts';
import type { AskingFor } from './approval-page.ts';
import type { ApprovalSetup } from './approval-setup.ts';
import type { ApprovalList } from './approval-view.ts';

/** What a person came to ask for, as the address of the page says; `undefined` if it names nothing that can be asked for here. */
export function askingFor(setup: ApprovalSetup, context: RequestContext, { own }: ApprovalList): AskingFor | undefined {
  const query = queryOf(context.req);
  const scope = query.get('scope') ?? undefined;
  const rule = setup.ruleFor(scope);
  if (scope === undefined || rule === undefined) return undefined;
  const newest = own.find((one) => one.thisSession && one.scope === scope);
  const isOpen = newest?.state === 'pending' || newest?.state === 'granted';
  const backTo = presentedWayBack(context)?.path;
  return {
    scope,
    reasonNeeded: rule.reason,
    forMs: rule.forMs,
    open: isOpen ? newest : undefined,
    last: isOpen ? undefined : newest,
    backTo: backTo ?? newest?.backTo ?? undefined,
    returnTo: backTo === undefined ? undefined : (query.get(RETURN_TO_PARAMETER) ?? undefined),
  };
}
