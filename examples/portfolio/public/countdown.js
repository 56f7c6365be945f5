const POLL_MS = 3_000;
const REASONS = {
  session_missing: 'Not signed in.',
  idle_timeout: 'Session over: idle for too long.',
  absolute_timeout: 'Session over: its longest duration was reached.',
  session_revoked: 'Session over: ended from elsewhere.',
  session_limit: 'Session over: signed in elsewhere.',
  signed_out: 'Signed out.',
  route_idle_timeout: 'Asks again: away for too long.',
  reauthentication_required: 'Asks again: the sign-in is too old.',
  assurance_insufficient: 'Asks for a stronger sign-in.',
};

/** Keeps a group of rules up to date: asks its status routes, which do not count as activity, and counts down in between. */
export function watchRules(group, headers = () => ({})) {
  const rows = [...group.querySelectorAll('[data-status]')].map((element) => ({ element, app: group.dataset.rules, ends: new Map() }));
  const refresh = async () => {
    if (document.hidden || rows.length === 0) return;
    const [first, ...others] = rows;
    const base = await ask(first.element.dataset.status, headers());
    show(first, base);
    // Without a session there is nothing to ask of the stricter routes.
    for (const row of others) show(row, base.signedIn ? await ask(row.element.dataset.status, headers()) : base);
  };
  setInterval(() => rows.forEach(tick), 250);
  setInterval(refresh, POLL_MS);
  document.addEventListener('visibilitychange', refresh);
  void refresh();
  return refresh;
}

async function ask(url, headers) {
  try {
    const answer = await fetch(url, { headers: { accept: 'application/json', ...headers }, cache: 'no-store' });
    const body = await answer.json();
    return answer.ok ? body : { asked: true, reason: body.reason, limits: [] };
  } catch {
    return { unreachable: true, limits: [] };
  }
}

function show(row, status) {
  row.ends.clear();
  for (const { key, value, source, ms, leftMs } of status.limits) {
    const item = row.element.querySelector(`[data-limit="${key}"]`);
    if (item === null) continue;
    write(item.querySelector('[data-source]'), source);
    write(item.querySelector('[data-value]'), value);
    if (ms !== undefined) item.querySelector('progress').max = ms;
    if (leftMs !== undefined) row.ends.set(item, performance.now() + leftMs);
  }
  const state = stateOf(status);
  const element = row.element.querySelector('[data-state]');
  if (element.textContent !== '…' && element.textContent !== state.text) announce(row, state);
  write(element, state.text);
  row.element.dataset.tone = state.tone;
  tick(row);
}

function stateOf({ signedIn, reason, asked, unreachable, reported = [] }) {
  if (unreachable) return { tone: 'off', text: 'The server does not answer.' };
  if (signedIn) return { tone: 'open', text: reported.length > 0 ? `Open. Condition ${reported.join(', ')} would ask for more.` : 'Open.' };
  const text = REASONS[reason] ?? REASONS.session_missing;
  return { tone: asked || text.startsWith('Session over') ? 'asks' : 'off', text };
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
    const ms = ends.has(item) ? Math.max(0, ends.get(item) - performance.now()) : undefined;
    write(item.querySelector('[data-left]'), ms === undefined ? '–:––' : clock(ms));
    bar.value = ms ?? 0;
  }
}

function clock(ms) {
  const seconds = Math.ceil(ms / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

function write(element, text) {
  if (element !== null && element.textContent !== text) element.textContent = text;
}
