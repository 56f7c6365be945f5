/** Sends a request and shows it and its answer as they went over the wire. */
export async function send(method, path, headers = {}, body) {
  const all = { accept: 'application/json', ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  const answer = await fetch(path, { method, headers: all, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const result = await answer.json();
  print('[data-request]', [`${method} ${path}`, ...Object.entries(all).map(([name, value]) => `${name}: ${value}`)], body);
  const told = ['www-authenticate', 'content-type'].flatMap((name) =>
    answer.headers.has(name) ? [`${name}: ${answer.headers.get(name)}`] : [],
  );
  print('[data-answer]', [`${answer.status} ${answer.statusText}`, ...told], result);
  return { ok: answer.ok, result };
}

function print(where, lines, body) {
  const element = document.querySelector(where);
  if (element !== null) element.textContent = [...lines, ...(body === undefined ? [] : ['', JSON.stringify(body, null, 2)])].join('\n');
}

/** Commands for a terminal name the address that this page was opened at. */
export function localise() {
  for (const element of document.querySelectorAll('[data-curl]'))
    element.textContent = element.textContent.replaceAll('localhost:3000', location.host);
}
