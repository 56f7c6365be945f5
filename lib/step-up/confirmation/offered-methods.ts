import type { AskedConfirmation } from '../../express/interruption/asked-confirmation.ts';
import type { RequestContext } from '../../express/request-context.ts';
import { checkLevel, confirmingSubject } from './confirmation-endpoint.ts';
import { METHOD, type StepUpMethod, type StepUpMethodView } from './step-up-method.ts';

/**
 * The methods that the rule accepts and the person has set up. One whose level is not known beforehand is among them.
 *
 * @throws {SessionError} `ERR_LEVEL_UNKNOWN` for a method that reaches what the policy does not know.
 */
export async function offeredMethods(
  context: RequestContext,
  methods: readonly StepUpMethod[],
  asked: AskedConfirmation | undefined,
): Promise<readonly StepUpMethodView[]> {
  const subject = confirmingSubject(context);
  const { assurance } = context.inForce.policy;
  const views = methods.map((method) => method[METHOD]);
  for (const { id, level } of views) checkLevel(context, id, level);
  const accepted = views.filter((view) => isAccepted(view, asked, assurance));
  const isSetUp = await Promise.all(accepted.map(async (view) => view.isSetUpFor === undefined || (await view.isSetUpFor(subject))));
  return accepted.filter((_view, index) => isSetUp[index]);
}

function isAccepted(
  { amr, level, provesDevice }: StepUpMethodView,
  asked: AskedConfirmation | undefined,
  assurance: readonly string[],
): boolean {
  if (asked === undefined) return true;
  if (asked.reason === 'device_trust_insufficient' && provesDevice !== true) return false;
  if (level !== undefined && asked.level !== undefined && assurance.indexOf(level) < assurance.indexOf(asked.level)) return false;
  return amr === undefined || asked.amr.every((method) => amr.includes(method));
}
