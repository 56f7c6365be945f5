import { compilePolicy } from './compile.ts';
import type {
  AppDocument,
  ConditionDocument,
  ExceptionDocument,
  PolicyDocument,
  ProfileDocument,
  RouteDocument,
  WhenDocument,
} from './document.ts';
import type { Policy } from './policy.ts';
import { invalidPolicy, validatePolicy } from './validate.ts';

/** A route whose id is known to the compiler. */
export interface TypedRoute<RouteId extends string> extends RouteDocument {
  readonly id: RouteId;
}

/** An app whose profile is one of the document's. */
export interface TypedApp<ProfileName extends string, RouteId extends string> extends Omit<AppDocument<ProfileName>, 'routes'> {
  readonly routes?: readonly TypedRoute<RouteId>[];
}

/** A condition that names apps and profiles of the document. */
export interface TypedCondition<AppName extends string, ProfileName extends string> extends Omit<ConditionDocument, 'when'> {
  readonly when: Omit<WhenDocument, 'apps' | 'profiles'> & {
    readonly apps?: readonly AppName[];
    readonly profiles?: readonly ProfileName[];
  };
}

/** An exception that names an app and routes of the document. That the routes are that app's is checked when it is defined. */
export interface TypedException<AppName extends string, RouteId extends string> extends Omit<ExceptionDocument, 'app' | 'routes'> {
  readonly app: AppName;
  readonly routes?: readonly RouteId[];
}

/** A policy document whose names the compiler knows, so that one that stands for nothing does not compile. */
export interface TypedPolicyDocument<AppName extends string, ProfileName extends string, RouteId extends string>
  extends Omit<PolicyDocument, 'profiles' | 'apps' | 'conditions' | 'exceptions'> {
  readonly profiles: Readonly<Record<ProfileName, ProfileDocument>>;
  readonly apps: Readonly<Record<AppName, TypedApp<NoInfer<ProfileName>, RouteId>>>;
  readonly conditions?: readonly TypedCondition<NoInfer<AppName>, NoInfer<ProfileName>>[];
  readonly exceptions?: readonly TypedException<NoInfer<AppName>, NoInfer<RouteId>>[];
}

/**
 * A policy from a document written in code. The document is copied: changing it later changes nothing.
 *
 * @throws {PolicyError} `ERR_POLICY_INVALID` with every fault of the document.
 * @example
 * const policy = definePolicy({
 *   version: 1,
 *   profiles: { web: { preset: 'staff-web', idle: '10m' } },
 *   apps: { shop: { profile: 'web', routes: [{ id: 'pay', path: '/pay', methods: ['POST'], stepUp: { maxAge: '5m' } }] } },
 * });
 */
export function definePolicy<const AppName extends string, const ProfileName extends string, const RouteId extends string = never>(
  document: TypedPolicyDocument<AppName, ProfileName, RouteId>,
): Policy<AppName, ProfileName, RouteId> {
  const { faults, notices, document: valid } = validatePolicy(document);
  if (valid === undefined) throw invalidPolicy(faults);
  return compilePolicy(valid, notices) as Policy<AppName, ProfileName, RouteId>;
}
