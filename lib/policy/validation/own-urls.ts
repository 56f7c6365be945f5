import { type AppEntry, isUnder, takesFrom } from '../apps.ts';
import type { AppDocument } from '../document.ts';
import { deviceUrlOf } from '../own-paths.ts';
import { shown } from '../text-forms.ts';
import type { Entries } from './app-meetings.ts';
import type { Path } from './findings.ts';
import { listed, type Portfolio, type SoundApp } from './portfolio.ts';

/** Reports a path for the middleware's or the session endpoints' own answers that is not the app's own, or is something else already. */
export function checkOwnUrls(portfolio: Portfolio, app: SoundApp, at: Path, entries: Entries): void {
  const { deviceUrl, sessionUrl } = app.document;
  const { findings, unsure } = portfolio;
  if (sessionUrl !== undefined) {
    const wrong = wrongWith(app, 'sessionUrl', sessionUrl, entries);
    if (wrong !== undefined) findings.fault([...at, 'sessionUrl'], wrong);
  }
  if (unsure(...at, 'deviceUrl') || unsure(...at, 'match')) return;
  const own = deviceUrlOf(app.document as AppDocument);
  const wrong = wrongWith(app, 'deviceUrl', own, entries);
  if (wrong === undefined) return;
  if (deviceUrl !== undefined) findings.fault([...at, 'deviceUrl'], wrong);
  else if (bindsBrowsers(app)) findings.notice([...at, 'deviceUrl'], `is missing, and its default ${shown(own)} ${wrong}`);
}

function bindsBrowsers({ profile }: SoundApp): boolean {
  return profile?.transport === 'cookie' && profile.document.dbsc !== false;
}

function wrongWith(app: SoundApp, field: 'deviceUrl' | 'sessionUrl', url: string, entries: Entries): string | undefined {
  const path = plain(url);
  if (path === '') return `is every path of the app; give it one of its own, like "/${field === 'deviceUrl' ? 'device' : 'session'}"`;
  return notOwn(app, path, entries) ?? taken(app, field, path);
}

function notOwn({ name }: SoundApp, path: string, entries: Entries): string | undefined {
  const own = entries.of.get(name);
  if (own === undefined) return undefined;
  const reached = own.filter(({ prefix }) => isUnder(path, prefix));
  if (reached.length === 0)
    return `is outside of the app, which has only paths under ${listed([...new Set(own.map(({ prefix }) => prefix))])}`;
  const taker = reached.flatMap((entry) => takersOf(entry, path, entries.all))[0];
  return taker === undefined ? undefined : `belongs to app ${shown(taker.app)}, which comes first`;
}

function takersOf(entry: AppEntry, path: string, all: readonly AppEntry[]): readonly AppEntry[] {
  return all.filter((other) => other.app !== entry.app && takesFrom(other, entry, path));
}

/** What is there already; the middleware answers everything below `deviceUrl` before anything else can. */
function taken({ document }: SoundApp, field: 'deviceUrl' | 'sessionUrl', path: string): string | undefined {
  const others =
    field === 'deviceUrl' ? (['loginUrl', 'reauthenticateUrl', 'sessionUrl'] as const) : (['loginUrl', 'reauthenticateUrl'] as const);
  const met = others.find((other) => {
    const theirs = plain(document[other] ?? '');
    return theirs === path || (field === 'deviceUrl' && theirs.startsWith(`${path}/`));
  });
  return met === undefined ? undefined : `is where ${met} is; give each a path of its own`;
}

/** A path as paths are compared: in lower case, without query or slash at the end. */
function plain(url: string): string {
  return url
    .replace(/[?#].*$/, '')
    .toLowerCase()
    .replace(/\/+$/, '');
}
