import { type AppEntry, appEntries, isTakenBy, onOneHost, unordered } from '../apps.ts';
import type { AppDocument } from '../document.ts';
import { shown } from '../text-forms.ts';
import { listed, type Portfolio } from './portfolio.ts';

/** The hosts and paths of the apps whose match is sound; empty if there are too many to compare. */
export interface Entries {
  readonly of: ReadonlyMap<string, readonly AppEntry[]>;
  readonly all: readonly AppEntry[];
}

const MOST_ENTRIES = 4_000;

/** Every host with every path of each app, with a fault if they are too many. */
export function entriesOf(portfolio: Portfolio): Entries {
  const { apps, unsure, findings } = portfolio;
  const sound = [...apps.values()].filter(({ name }) => !unsure('apps', name, 'match'));
  const count = sound.reduce((sum, { document: { match } }) => sum + (match?.hosts?.length ?? 1) * (match?.paths?.length ?? 1), 0);
  if (count > MOST_ENTRIES) {
    findings.fault(['apps'], `have ${count} combinations of host and path; at most ${MOST_ENTRIES}`);
    return { of: new Map(), all: [] };
  }
  const of = new Map(sound.map(({ name, document }) => [name, appEntries(name, document as AppDocument)]));
  return { of, all: [...of.values()].flat() };
}

/** Reports what goes wrong where the requests of two apps meet. */
export function checkMeetings(portfolio: Portfolio, entries: Entries): void {
  checkOrder(portfolio, entries.all);
  for (const [name, own] of entries.of) checkReached(portfolio, name, own, entries.all);
  checkCookieNames(portfolio, entries);
}

/** The first app that takes every request of these entries whose path begins with `start`. */
export function takerOf(own: readonly AppEntry[], others: readonly AppEntry[], start = ''): string | undefined {
  const takers = own.map((entry) => {
    const from = start.length > entry.prefix.length ? start : entry.prefix;
    return others.find((other) => other.app !== entry.app && isTakenBy(other, entry, from))?.app;
  });
  return takers.includes(undefined) ? undefined : takers[0];
}

function checkOrder({ findings }: Portfolio, entries: readonly AppEntry[]): void {
  entries.forEach((entry, index) => {
    for (let before = 0; before < index; before += 1) {
      const earlier = entries[before] as AppEntry;
      if (earlier.app === entry.app || !unordered(earlier, entry)) continue;
      const both = `can be meant by the same request as app ${shown(earlier.app)} (${requests(entry, earlier)})`;
      findings.fault(['apps', entry.app, 'match'], `${both}; give one of them an order`);
    }
  });
}

function checkReached({ findings }: Portfolio, name: string, own: readonly AppEntry[], others: readonly AppEntry[]): void {
  const taker = takerOf(own, others);
  if (taker !== undefined)
    findings.fault(['apps', name, 'match'], `can never match: app ${shown(taker)} comes first and takes these requests`);
}

/** Two apps with one cookie name on one host would end each other's sessions. */
function checkCookieNames({ apps, profiles, findings }: Portfolio, entries: Entries): void {
  for (const profile of profiles.values()) {
    if (profile.document.cookie?.name === undefined || profile.transport !== 'cookie') continue;
    const name = profile.document.cookie.name;
    const sharing = [...apps.values()].filter((app) => app.profile?.transport === 'cookie' && app.profile.document.cookie?.name === name);
    const own = sharing.flatMap((app) => entries.of.get(app.name) ?? []);
    const clash = own.flatMap((entry) => own.filter((other) => other.app !== entry.app && onOneHost(entry, other)));
    const names = [...new Set(clash.map((entry) => entry.app))].sort();
    if (names.length > 0)
      findings.fault(
        ['profiles', profile.name, 'cookie', 'name'],
        `would be the cookie of ${listed(names)} on one host; leave it out or give each its own`,
      );
  }
}

function requests(a: AppEntry, b: AppEntry): string {
  const host = a.host ?? b.host;
  const prefix = a.prefix.length > b.prefix.length ? a.prefix : b.prefix;
  return `${host === undefined ? 'any host' : `host ${host}`}, paths under ${prefix === '' ? '/' : prefix}`;
}
