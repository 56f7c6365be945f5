import type { Request } from 'express';
import { presentedToken, type TokenScheme } from '../proofs/session-header.ts';

/** The scheme of the token that a request presents. Not `Basic`: a proxy may ask browsers for that. */
export function tokenScheme(req: Request): TokenScheme | undefined {
  return presentedToken(req.headers.authorization)?.scheme;
}

/** Whether a program speaks, which holds a token or the key for one. */
export function sendsToken(req: Request): boolean {
  return req.headers['dpop'] !== undefined || tokenScheme(req) !== undefined;
}

/** Whether a browser is loading a page, and not a script its data. */
export function isPage(req: Request): boolean {
  if (sendsToken(req)) return false;
  const mode = req.headers['sec-fetch-mode'];
  if (mode !== undefined && mode !== 'navigate') return false;
  if (req.headers['x-requested-with'] === 'XMLHttpRequest') return false;
  return prefersHtml(req);
}

function prefersHtml(req: Request): boolean {
  const { accept } = req.headers;
  return accept !== undefined && accept.includes('text/html') && req.accepts(['html', 'json']) === 'html';
}

/** Whether a browser says that the answer becomes the page in a window (Fetch Metadata). */
export function isNavigation(req: Request): boolean {
  return req.headers['sec-fetch-mode'] === 'navigate';
}
