import type { AppDocument } from '../document.ts';
import { nearest } from '../suggestion.ts';
import { shown } from '../text-forms.ts';
import type { Findings, Path } from './findings.ts';
import { type ProfileLimits, profileLimits } from './profile-limits.ts';
import type { Sound, SoundParts } from './structure.ts';

/** An app of which anything is left. */
export interface SoundApp {
  readonly name: string;
  readonly document: Sound<AppDocument>;
  /** The limits it is under; `undefined` if its profile is faulty or none. */
  readonly profile: ProfileLimits | undefined;
}

/** What the checks of one document share. */
export interface Portfolio extends SoundParts {
  readonly findings: Findings;
  readonly profiles: ReadonlyMap<string, ProfileLimits>;
  readonly apps: ReadonlyMap<string, SoundApp>;
}

export function portfolioOf(parts: SoundParts, findings: Findings): Portfolio {
  const profiles = profileLimits(parts);
  const documents = Object.entries(parts.document.apps ?? {}).filter(
    (entry): entry is [string, Sound<AppDocument>] => entry[1] !== undefined,
  );
  const apps = documents.map(([name, document]): [string, SoundApp] => [
    name,
    { name, document, profile: document.profile === undefined ? undefined : profiles.get(document.profile) },
  ]);
  return { ...parts, findings, profiles, apps: new Map(apps) };
}

/** Reports a name that stands for nothing. A name whose own entry is faulty is a name all the same. */
export function checkName({ document, unsure, findings }: Portfolio, kind: 'apps' | 'profiles', name: string, at: Path): boolean {
  const entries = document[kind];
  if (entries === undefined || Object.hasOwn(entries, name) || unsure(kind, name)) return true;
  const one = kind === 'apps' ? 'app' : 'profile';
  const known = Object.keys(entries);
  findings.fault(
    at,
    `${shown(name)} is no ${one} of this policy; there ${known.length === 1 ? 'is' : 'are'} ${listed(known)}`,
    nearest(name, known),
  );
  return false;
}

/** Reports entries of a list that have the id of an earlier one. */
export function checkIds(items: readonly ({ readonly id?: string | undefined } | undefined)[], at: Path, findings: Findings): void {
  const seen = new Set<string>();
  items.forEach((item, index) => {
    if (item?.id === undefined) return;
    if (seen.has(item.id)) findings.fault([...at, index, 'id'], `${shown(item.id)} is the id of an earlier entry; ids are unique`);
    seen.add(item.id);
  });
}

/** Names in a sentence, not more than a reader takes in. */
export function listed(names: readonly string[]): string {
  const first = names.slice(0, 12).map(shown).join(', ');
  return names.length === 0 ? 'none' : names.length > 12 ? `${first} and ${names.length - 12} more` : first;
}
