/** A real Chromium for tests: pages, their complaints, passkeys, pictures, and apps for it to visit. */
export { type ChromiumSearch, INSTALLATION_MS, findChromium } from './chromium-binary.ts';
export { type Browser, type BrowserOptions, openChromium } from './chromium-browser.ts';
export { type PageOptions, type TestPage, newPage, screenshot } from './chromium-page.ts';
export {
  type AuthenticatorOptions,
  type PasskeyOfAuthenticator,
  type VirtualAuthenticator,
  virtualAuthenticator,
} from './chromium-authenticator.ts';
export { type Site, serve, serveAt } from './served-site.ts';
