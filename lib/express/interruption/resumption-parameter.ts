/** Name of the query parameter that names a kept request. */
export const RESUME_PARAMETER: string = 'resume_request';
/** Beside it: the person does not want it sent any more. */
export const CANCEL_PARAMETER: string = 'cancel_request';

/** The parameter of a URL that may name a kept request. Looks closer only where there is one. */
export function resumptionIn(url: string): string | undefined {
  const query = url.indexOf('?');
  if (query === -1 || !url.includes(`${RESUME_PARAMETER}=`, query)) return undefined;
  return new URLSearchParams(url.slice(query)).get(RESUME_PARAMETER) ?? undefined;
}

/** A path with its query, with the name of a kept request. */
export function withResumption(url: string, text: string): string {
  return `${url}${url.includes('?') ? '&' : '?'}${RESUME_PARAMETER}=${text}`;
}

/** The URL as it was before: everything else stays as the client wrote it. */
export function withoutResumption(url: string): string {
  const [path = '', query] = splitOnce(url, '?');
  if (query === undefined) return url;
  const others = query.split('&').filter((pair) => !pair.startsWith(`${RESUME_PARAMETER}=`) && pair !== CANCEL_PARAMETER);
  return others.length === 0 ? path : `${path}?${others.join('&')}`;
}

function splitOnce(text: string, at: string): readonly (string | undefined)[] {
  const index = text.indexOf(at);
  return index === -1 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}
