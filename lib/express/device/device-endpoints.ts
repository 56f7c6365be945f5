import type { CompiledApp } from '../../policy/policy.ts';
import type { RequestContext } from '../request-context.ts';
import { DBSC_ENDPOINTS } from './browser/dbsc-endpoints.ts';
import { enrolWorkstation } from './workstation/workstation-enrolment.ts';
import { ENROLMENT } from './workstation/workstation-path.ts';

/** Answers a request for a path of the middleware's own. */
export type DeviceEndpoint = (context: RequestContext) => Promise<void> | void;

/** What is answered below an app's `deviceUrl`, by the rest of the path. */
const ENDPOINTS: ReadonlyMap<string, DeviceEndpoint> = new Map([...DBSC_ENDPOINTS, [ENROLMENT, enrolWorkstation]]);

/** Whether a path is one that the middleware answers itself: what comes there proves itself, and no cross-site check may refuse it. */
export function isDevicePath({ deviceUrl }: CompiledApp, path: string): boolean {
  return path.startsWith(deviceUrl) && ENDPOINTS.has(path.slice(deviceUrl.length));
}

/** Who answers a request, if that is not for the application to do. */
export function deviceEndpoint({ runtime, facts }: RequestContext): DeviceEndpoint | undefined {
  const { deviceUrl } = runtime.app;
  return facts.path.startsWith(deviceUrl) ? ENDPOINTS.get(facts.path.slice(deviceUrl.length)) : undefined;
}
