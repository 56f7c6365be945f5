import type { Request } from 'express';

/** Whether a program speaks, which holds a token of some kind. Not `Basic`: a proxy may ask browsers for that. */
export function sendsToken(req: Request): boolean {
  return /^(?:bearer|dpop) /i.test(req.headers.authorization ?? '');
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
