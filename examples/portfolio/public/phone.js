import { watchRules } from './countdown.js';
import { hasKeys, newKey, prove } from './phone-key.js';
import { inWords, takeAlong } from './phone-offline.js';
import { send } from './wire.js';

// All of this lives in the page only; leaving it forgets it.
const key = hasKeys ? await newKey() : undefined;
let token;
let last;
let isOnline = true;
let luggage;
let report = { sentence: 'Online.', lines: [] };

const ACTIONS = {
  'sign-in': () => call('POST', '/phone/login', { person: 'ada' }),
  read: () => call('GET', '/phone/me'),
  transfer: () => call('POST', '/phone/transfer'),
  confirm: async () => call('POST', '/phone/reauthenticate/form?way=code', { code: await fetchCode() }),
  renew: () => call('POST', '/phone/token'),
  'sign-out': () => call('POST', '/phone/logout'),
  steal: () => send('GET', '/phone/me', { authorization: `Bearer ${token}` }),
  replay: () => send(...last),
  'go-offline': goOffline,
  note: () => luggage.note(),
  'come-back': comeBack,
};

/** Which buttons are of use now; those that are not named here are while there is a connection. */
const POSSIBLE = {
  steal: () => isOnline && token !== undefined,
  replay: () => isOnline && last !== undefined,
  'go-offline': () => isOnline && luggage === undefined,
  note: () => !isOnline && luggage.secondsLeft() > 0,
  'come-back': () => luggage !== undefined,
};

/** What a request is sent with: the token, and a proof that is good for this request only. */
async function headersFor(method, url) {
  if (!isOnline) throw new Error('there is no connection');
  const authorization = token === undefined ? {} : { authorization: `DPoP ${token}` };
  return { ...authorization, dpop: await prove(key, { method, url, token }) };
}

async function call(method, path, body) {
  // A sign-in is a new session, whatever there was before.
  if (path === '/phone/login') token = undefined;
  last = [method, path, await headersFor(method, path), body];
  const { ok, result } = await send(...last);
  if (ok && result.token !== undefined) token = result.token;
  return { ok, result };
}

/** The code that a real application would have sent to its owner another way. */
async function fetchCode() {
  const headers = { accept: 'application/json', ...(await headersFor('POST', '/phone/code')) };
  const answer = await fetch('/phone/code', { method: 'POST', headers });
  return answer.ok ? (await answer.json()).code : '';
}

async function goOffline() {
  const { ok, result } = await call('POST', '/phone/offline/lease');
  if (!ok) return;
  luggage = takeAlong(key, result);
  isOnline = false;
}

/** What was done meanwhile is kept until there is a report on it. */
async function comeBack() {
  isOnline = true;
  const { ok, result } = await call('POST', '/phone/offline/return', luggage.luggage());
  report = ok
    ? inWords(result)
    : { sentence: 'Online, but the session is over. Sign in, then come back again: the visits are kept.', lines: noted() };
  if (ok) luggage = undefined;
}

function noted() {
  return Array.from({ length: luggage.count() }, () => 'waits');
}

function showState() {
  for (const button of buttons) button.disabled = !(POSSIBLE[button.dataset.do] ?? (() => isOnline))();
  const { sentence, lines } = isOnline ? report : { sentence: offlineSentence(luggage.secondsLeft()), lines: noted() };
  if (status.textContent !== sentence) status.textContent = sentence;
  // For the eye only: it would be read out every second otherwise.
  left.textContent = isOnline ? '' : `${luggage.secondsLeft()} s`;
  list.replaceChildren(...lines.map((line) => Object.assign(document.createElement('li'), { textContent: line })));
}

function offlineSentence(seconds) {
  return seconds > 0 ? 'Offline, with a lease.' : 'Offline. The lease is over, so the phone notes nothing more.';
}

/** A button that has just become useless must not take the focus with it. */
function keepFocus(pressed) {
  if (pressed.disabled) pressed.parentElement.querySelector('[data-do]:enabled')?.focus();
}

const buttons = [...document.querySelectorAll('[data-do]')];
const status = document.querySelector('[data-offline]');
const left = document.querySelector('[data-lease-left]');
const list = document.querySelector('[data-queue]');

if (hasKeys) {
  const refresh = watchRules(document.querySelector('[data-rules]'), headersFor);
  for (const button of buttons) {
    button.addEventListener('click', async () => {
      await ACTIONS[button.dataset.do]().catch(() => (status.textContent = 'The server does not answer.'));
      showState();
      keepFocus(button);
      await refresh();
    });
  }
  setInterval(showState, 1_000);
  showState();
} else {
  document.querySelector('[data-no-key]').hidden = false;
  for (const button of buttons) button.disabled = true;
}
