const POLL_MS = 3_000;
const REASONS = {
  idle_timeout: 'Session over: idle for too long.',
  absolute_timeout: 'Session over: its longest duration was reached.',
  session_revoked: 'Session over: ended from elsewhere.',
  session_limit: 'Session over: signed in elsewhere.',
  route_idle_timeout: 'Asks again: away for too long.',
  reauthentication_required: 'Asks again: the sign-in is too old.',
  assurance_insufficient: 'Asks for a stronger sign-in.',
  device_trust_insufficient: 'Refused: this device is not known enough.',
  device_proof_missing: 'Refused: the proof of the device is missing.',
  device_proof_invalid: 'Refused: the proof of the device does not hold.',
  device_not_enrolled: 'Refused: this is no enrolled workstation.',
};

/**
 * Keeps the rules of an app up to date: asks how each stands, which does not count as activity, and counts down in between.
 * `headersFor`: what a request for a URL is sent with; it fails where nothing can be sent.
 */
export function watchRules(group, headersFor = () => ({})) {
  const rows = [...group.querySelectorAll('[data-for]')].map((element) => ({ element, app: group.dataset.rules, ends: new Map() }));
  const refresh = async () => {
    if (document.hidden || rows.length === 0 || !group.isConnected) return;
    const base = await ask(`/${group.dataset.rules}/presence`, headersFor);
    for (const row of rows) show(row, base.signedIn ? await ask(addressOf(row), headersFor) : base);
  };
  setInterval(() => rows.forEach(tick), 250);
  setInterval(refresh, POLL_MS);
  document.addEventListener('visibilitychange', refresh);
  void refresh();
  return refresh;
}

function addressOf({ app, element }) {
  return `/${app}/session?for=${encodeURIComponent(element.dataset.for)}&method=${element.dataset.method}`;
}

async function ask(url, headersFor) {
  try {
    const headers = await headersFor('GET', url);
    const answer = await fetch(url, { headers: { accept: 'application/json', ...headers }, cache: 'no-store' });
    return await answer.json();
  } catch {
    return { unreachable: true };
  }
}

function show(row, status) {
  row.ends.clear();
  for (const [key, limit] of Object.entries(status.rule ?? {})) {
    const item = row.element.querySelector(`[data-limit="${key}"]`);
    if (item === null || limit === null) continue;
    write(item.querySelector('[data-source]'), limit.source);
    write(item.querySelector('[data-value]'), spoken(limit.seconds));
    item.querySelector('progress').max = limit.seconds;
    const left = status.left[key];
    if (left !== null) row.ends.set(item, performance.now() + left * 1_000);
  }
  const state = stateOf(status);
  const element = row.element.querySelector('[data-state]');
  if (element.textContent !== '…' && element.textContent !== state.text) announce(row, state);
  write(element, state.text);
  row.element.dataset.tone = state.tone;
  tick(row);
}

function stateOf({ outcome, reason, unreachable }) {
  if (unreachable) return { tone: 'off', text: 'The server does not answer.' };
  if (outcome === 'allow') return { tone: 'open', text: 'Open.' };
  const text = REASONS[reason];
  return text === undefined ? { tone: 'off', text: 'Not signed in.' } : { tone: 'asks', text };
}

/** Only a change is worth telling to somebody who does not see the page. */
function announce({ app, element }, { text }) {
  const news = document.querySelector('[data-news]');
  if (news !== null) news.textContent = `${app}, ${element.querySelector('h3').firstChild.textContent.trim()}: ${text}`;
}

function tick({ element, ends }) {
  for (const item of element.querySelectorAll('[data-limit]')) {
    const bar = item.querySelector('progress');
    if (bar === null) continue;
    const seconds = ends.has(item) ? Math.max(0, (ends.get(item) - performance.now()) / 1_000) : undefined;
    write(item.querySelector('[data-left]'), seconds === undefined ? '–:––' : clock(Math.ceil(seconds)));
    bar.value = seconds ?? 0;
  }
}

function clock(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

function spoken(seconds) {
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

function write(element, text) {
  if (element !== null && element.textContent !== text) element.textContent = text;
}
