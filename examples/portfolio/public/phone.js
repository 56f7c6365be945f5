import { watchRules } from './countdown.js';
import { localise, send } from './wire.js';

// The token lives in this variable only; leaving the page forgets it.
let token;
const headers = () => (token === undefined ? {} : { authorization: `Bearer ${token}` });
const bodies = { '/phone/login': () => ({ person: 'ada' }), '/phone/reauthenticate/form?way=code': fetchCode };

const refresh = watchRules(document.querySelector('[data-rules]'), headers);
localise();

document.querySelector('[data-phone]').addEventListener('click', async ({ target }) => {
  if (target.dataset.call === undefined) return;
  const [method, path] = target.dataset.call.split(' ');
  const { ok, result } = await send(method, path, headers(), await bodies[path]?.());
  if (ok && result.token !== undefined) token = result.token;
  await refresh();
});

/** The code that a real application would have sent to its owner another way. */
async function fetchCode() {
  const answer = await fetch('/phone/code', { method: 'POST', headers: { accept: 'application/json', ...headers() } });
  return { code: answer.ok ? (await answer.json()).code : '' };
}
