import { shown } from '../text-forms.ts';
import { checkMeetings, entriesOf } from './app-meetings.ts';
import { noteProofHosts } from './devices.ts';
import type { Path } from './findings.ts';
import { checkOwnUrls } from './own-urls.ts';
import { checkName, type Portfolio, type SoundApp } from './portfolio.ts';
import { checkRoutes } from './routes.ts';

/** Reports what is wrong with the apps of a document: each by itself, and where two of them meet. */
export function checkApps(portfolio: Portfolio): void {
  const entries = entriesOf(portfolio);
  for (const app of portfolio.apps.values()) {
    const at: Path = ['apps', app.name];
    if (app.document.profile !== undefined) checkName(portfolio, 'profiles', app.document.profile, [...at, 'profile']);
    checkMatch(portfolio, app, at);
    checkEntryUrls(portfolio, app, at);
    checkOwnDeviceUrl(portfolio, app, at);
    noteProofHosts(portfolio, app, at);
    checkOwnUrls(portfolio, app, at, entries);
    checkRoutes(portfolio, app, entries);
  }
  checkMeetings(portfolio, entries);
}

/** One app may take all that is left; two would have no order between them, which is found where apps meet. */
function checkMatch({ findings, document, unsure }: Portfolio, { document: { match } }: SoundApp, at: Path): void {
  const several = Object.keys(document.apps ?? {}).length > 1;
  if (!several || unsure(...at, 'match') || match?.hosts !== undefined || match?.paths !== undefined) return;
  findings.notice([...at, 'match'], 'is missing: this app takes every request that no other app does');
}

function checkEntryUrls({ findings }: Portfolio, { document }: SoundApp, at: Path): void {
  for (const field of ['loginUrl', 'reauthenticateUrl'] as const) {
    const url = document[field];
    if (url === undefined || url.startsWith('/')) continue;
    if (!URL.canParse(url)) findings.fault([...at, field], `${shown(url)} is not a URL`);
    else if (/^http:\/\/(?!localhost[:/]|127\.|\[::1\])/i.test(`${url}/`))
      findings.notice([...at, field], 'sends people to plain http to sign in');
  }
}

/** Only what refuses step-ups has something to send elsewhere. */
function checkOwnDeviceUrl({ findings, unsure }: Portfolio, { document, profile }: SoundApp, at: Path): void {
  const url = document.ownDeviceUrl;
  if (url === undefined) return;
  if (!URL.canParse(url)) findings.fault([...at, 'ownDeviceUrl'], `${shown(url)} is not a URL`);
  if (profile === undefined || profile.refusesStepUp || unsure('profiles', profile.name)) return;
  findings.notice([...at, 'ownDeviceUrl'], `has no effect: profile ${shown(profile.name)} does not refuse step-ups`);
}
