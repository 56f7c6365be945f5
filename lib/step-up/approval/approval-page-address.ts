import type { RequestHandler } from 'express';
import { mountedHandlers } from '../../express/express-stack.ts';
import type { RequestContext } from '../../express/request-context.ts';
import { selectApp } from '../../policy/select-rule.ts';
import type { ApprovalRule } from './approval-rule.ts';

/** A page on which approvals of some guards are asked for. */
interface ApprovalPage {
  readonly handler: RequestHandler;
  /** Where it is, if the application says so. */
  readonly url: string | undefined;
}

const PAGES = new WeakMap<ApprovalRule, ApprovalPage[]>();

/** Lets guards know the page on which their approvals are asked for. */
export function announcePage(rules: readonly ApprovalRule[], page: ApprovalPage): void {
  for (const rule of rules) PAGES.set(rule, [...(PAGES.get(rule) ?? []), page]);
}

/** Path of the page for a request's app; `undefined` if there is none, or Express does not say where. */
export function approvalPath(context: RequestContext, rule: ApprovalRule): string | undefined {
  const pages = PAGES.get(rule) ?? [];
  const given = pages.map(({ url }) => url).filter((url) => url !== undefined);
  const found = given.length > 0 || pages.length === 0 ? given : mountedAt(context, pages);
  return found.find((path) => selectApp(context.inForce.policy, { method: 'GET', host: context.facts.host, path }) === context.runtime.app);
}

function mountedAt({ req }: RequestContext, pages: readonly ApprovalPage[]): readonly string[] {
  const handlers = new Set<unknown>(pages.map(({ handler }) => handler));
  return expressApps(req.app)
    .flatMap(mountedHandlers)
    .flatMap(({ handle, path }) => (handlers.has(handle) && path !== undefined && !/[:*{(]/.test(path) ? [path] : []));
}

/** The app of a request, and those that it is mounted in. */
function expressApps(app: object | undefined): readonly object[] {
  if (app === undefined) return [];
  return [app, ...expressApps((app as { readonly parent?: object }).parent)];
}
