import { definePolicy } from 'express-session-policy';

const HALF = { '2m': '1m', '60s': '30s', '90s': '45s' };

/** The document with every idle timeout of its profiles cut in half, and what may not be longer than one with it. */
export function tightened(document) {
  const profiles = Object.entries(document.profiles).map(([name, profile]) => [name, tightenedProfile(profile)]);
  return definePolicy({ ...document, profiles: Object.fromEntries(profiles) });
}

function tightenedProfile({ offline, ...profile }) {
  return {
    ...profile,
    ...(profile.idle in HALF && { idle: HALF[profile.idle] }),
    ...(offline && { offline: { ...offline, lease: HALF[offline.lease] } }),
  };
}
