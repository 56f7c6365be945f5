const LONGEST = 64;

/** Sends a request and shows it and its answer as they went over the wire, long values in short. */
export async function send(method, path, headers = {}, body) {
  const all = { accept: 'application/json', ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  const answer = await fetch(path, { method, headers: all, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const result = await answer.json();
  print('[data-request]', [`${method} ${path}`, ...Object.entries(all).map(headerLine), ...saidBy(all.dpop)], body);
  const told = ['www-authenticate', 'content-type'].flatMap((name) =>
    answer.headers.has(name) ? [`${name}: ${answer.headers.get(name)}`] : [],
  );
  print('[data-answer]', [`${answer.status} ${answer.statusText}`, ...told], result);
  return { ok: answer.ok, result };
}

function headerLine([name, value]) {
  return `${name}: ${short(value)}`;
}

/** What the proof says, which nobody could read in its header. */
function saidBy(proof) {
  if (proof === undefined) return [];
  const claims = JSON.parse(atob(proof.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')));
  return ['', 'The proof says:', JSON.stringify(claims, null, 2)];
}

function short(value) {
  return typeof value === 'string' && value.length > LONGEST && !value.includes(' ', 8)
    ? `${value.slice(0, 24)}…${value.slice(-8)}`
    : value;
}

function print(where, lines, body) {
  const element = document.querySelector(where);
  const shown = body === undefined ? [] : ['', JSON.stringify(body, (_key, value) => short(value), 2)];
  if (element !== null) element.textContent = [...lines, ...shown].join('\n');
}

/** Commands for a terminal name the address that this page was opened at. */
export function localise() {
  for (const element of document.querySelectorAll('[data-curl]'))
    element.textContent = element.textContent.replaceAll('localhost:3000', location.host);
}
