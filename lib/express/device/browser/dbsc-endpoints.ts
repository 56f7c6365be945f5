import { checkBrowser, sendDevicePageScript } from './dbsc-check.ts';
import { DBSC_PATHS } from './dbsc-paths.ts';
import { refreshBrowser } from './dbsc-refresh.ts';
import { registerBrowser } from './dbsc-register.ts';
import type { DeviceEndpoint } from '../device-endpoints.ts';

/** What the middleware answers for browsers that prove a key, by the rest of the path below an app's `deviceUrl`. */
export const DBSC_ENDPOINTS: readonly (readonly [string, DeviceEndpoint])[] = [
  [DBSC_PATHS.register, registerBrowser],
  [DBSC_PATHS.refresh, refreshBrowser],
  [DBSC_PATHS.check, checkBrowser],
  [DBSC_PATHS.script, sendDevicePageScript],
];
