/**
 * The script of the page that stands in for one that needs a proof of the browser. Asking whether it has proved its key makes a browser that
 * has one do so first; then the page that was asked for is opened from here, so that it comes from this site and not from another. Stands by
 * itself, since pages load it without a bundler.
 */

const PAUSE_MS = 300;
/** A page that keeps being refused is not opened over and over. */
const MOST_OPENINGS = 3;
const OPENINGS_COUNT_MS = 60_000;

const waiting = document.querySelector<HTMLElement>('#waiting[data-check]');
if (waiting !== null) void wait(waiting);

async function wait(place: HTMLElement): Promise<void> {
  show('waiting');
  const { check = '', patience = '0', after, askAgain, otherWay = '' } = place.dataset;
  const isProven = await proves(check, Number(patience));
  if (isProven && after === 'stay') return show('proved');
  const opens = isProven || (askAgain === 'true' && after === 'open');
  if (opens && mayOpen()) open(check);
  else if (otherWay !== '') location.replace(otherWay);
  else show('refused');
}

/** Asks until it is proved, or over. */
async function proves(check: string, patienceMs: number): Promise<boolean> {
  const endsAt = performance.now() + patienceMs;
  do {
    const answer = await fetch(check, { cache: 'no-store', headers: { Accept: 'application/json' } }).catch(() => undefined);
    // Signed out meanwhile: the server says so in the place of the page.
    if (answer?.status === 204 || answer?.status === 401) return true;
    await new Promise((resolve) => {
      setTimeout(resolve, PAUSE_MS);
    });
  } while (performance.now() < endsAt);
  return false;
}

/** In place of this page. With a fragment it would be the same page to the browser, unless that stands elsewhere by then. */
function open(elsewhere: string): void {
  const { href, hash } = location;
  if (hash !== '') history.replaceState(null, '', elsewhere);
  location.replace(href);
}

/** Where nothing can be remembered, the person opens it. */
function mayOpen(): boolean {
  const key = `session-policy-openings ${location.pathname}`;
  try {
    const [count, since] = JSON.parse(sessionStorage.getItem(key) ?? '[0,0]') as [number, number];
    const isRecent = Date.now() - since < OPENINGS_COUNT_MS;
    sessionStorage.setItem(key, JSON.stringify(isRecent ? [count + 1, since] : [1, Date.now()]));
    return !isRecent || count < MOST_OPENINGS;
  } catch {
    return false;
  }
}

function show(which: 'waiting' | 'proved' | 'refused'): void {
  for (const id of ['waiting', 'proved', 'refused']) document.getElementById(id)?.toggleAttribute('hidden', id !== which);
  const { title } = document.getElementById(which)?.dataset ?? {};
  if (title !== undefined) rename(title);
}

/** The heading, too, where it is the title. */
function rename(title: string): void {
  const heading = document.querySelector('h1');
  if (heading !== null && heading.textContent === document.title) heading.textContent = title;
  document.title = title;
}
