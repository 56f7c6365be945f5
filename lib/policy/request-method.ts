import type { RequestFacts } from './facts.ts';

const HAS_LOWER = /[a-z]/;

/** Whether one of the methods that a request may be taken for is in a list of methods in upper case; every one is, without a list. */
export function someMethodFits(methods: readonly string[] | undefined, request: RequestFacts): boolean {
  if (methods === undefined || methodFits(methods, request.method)) return true;
  const override = request.overrideMethod;
  return override !== undefined && methodFits(methods, override);
}

/** Whether all of them are. */
export function everyMethodFits(methods: readonly string[] | undefined, request: RequestFacts): boolean {
  if (methods === undefined) return true;
  const override = request.overrideMethod;
  return methodFits(methods, request.method) && (override === undefined || methodFits(methods, override));
}

/** Whether a method is in a list of methods in upper case. HEAD is answered by the handlers of GET. */
function methodFits(methods: readonly string[], method: string): boolean {
  if (methods.includes(method) || (method === 'HEAD' && methods.includes('GET'))) return true;
  return HAS_LOWER.test(method) && methodFits(methods, method.toUpperCase());
}
