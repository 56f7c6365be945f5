import { queryOf } from '../query.ts';
import { selectApp } from '../../policy/select-rule.ts';
import type { Facts } from '../../policy/facts.ts';
import { actionDigest } from '../interruption/action.ts';
import type { RequestContext } from '../request-context.ts';
import { isLocalPath } from '../return-to.ts';

const METHOD = /^[A-Za-z-]{1,20}$/;

/**
 * The facts of a request for the route that a query asks about: `?for=/path&method=POST`. Without `for`, of the request itself.
 *
 * @returns `undefined` for what is no path of the same app: of others nothing is told.
 */
export function askedRoute(context: RequestContext): Facts | undefined {
  const { facts, inForce, req, runtime } = context;
  const query = queryOf(req);
  const paths = query.getAll('for');
  if (paths.length === 0) return facts;
  const [target = '', method = 'GET'] = [paths[0], query.get('method') ?? undefined];
  if (paths.length > 1 || !isLocalPath(target) || !METHOD.test(method)) return undefined;
  const path = target.split(/[?#]/)[0] as string;
  const verb = method.toUpperCase();
  const request = { method: verb, host: facts.host, path, ip: facts.ip, action: actionDigest(verb, path) };
  return selectApp(inForce.policy, request) === runtime.app ? { ...restOf(facts), request } : undefined;
}

function restOf({ session, ended, device, approvals }: Facts): Omit<Facts, 'request'> {
  return { session, ended, device, approvals };
}
