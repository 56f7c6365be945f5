import { isNavigation } from './client-kind.ts';
import { clearOtherCookies, hasDeviceCookie } from './session-cookies.ts';
import type { RequestContext } from './request-context.ts';

/**
 * Tells the browser, with this answer, to forget what pages kept (local and session storage, IndexedDB, caches, service workers) and what it
 * cached. On a shared device the next page is also cut off from the window's name and from windows that are open.
 */
export function forgetPerson(context: RequestContext): void {
  const { res, runtime, secure } = context;
  res.setHeader('Clear-Site-Data', '"cache", "storage"');
  res.setHeader('Cache-Control', 'no-store');
  if (context.onSharedDevice) res.setHeader('Cross-Origin-Opener-Policy', runtime.otherOpenerPolicy(secure));
}

/**
 * The same with all cookies, where no other app has any on the host. Asked to clear cookies with the answer to a navigation, Chromium keeps
 * the page that is left for the back button, which it does not when cookies are taken away by name.
 */
export function forgetPersonAndCookies(context: RequestContext): void {
  forgetPerson(context);
  if (context.runtime.app.sharesHost) return;
  if (isNavigation(context.req) || hasDeviceCookie(context)) clearOtherCookies(context);
  else context.res.setHeader('Clear-Site-Data', '"cache", "cookies", "storage"');
}
