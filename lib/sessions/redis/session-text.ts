import type { Place } from './key-space.ts';

/** What is under the two keys that a session can be under: `null` for nothing. */
export type Texts = readonly [home: string | null, own: string | null];

/**
 * The text of a session: inside its home, or under its own key. `undefined`: there is none.
 *
 * A session whose tag has no home any more could not be found by its subject, and so not be ended with the others: it is not believed.
 */
export function textOf({ member }: Place, [home, own]: Texts): string | undefined {
  if (home?.startsWith(member) === true && home.charCodeAt(member.length) === 10) {
    const text = insideOf(home);
    if (text !== undefined) return text;
  }
  return own === null || (home === null && !own.startsWith('X')) ? undefined : own;
}

/** The session inside a home: its name and its text. */
export function sessionInside(home: string): { readonly member: string; readonly text: string } | undefined {
  const text = insideOf(home);
  return text === undefined ? undefined : { member: home.slice(0, home.indexOf('\n')), text };
}

/** Names have no empty line in them, so the first one is where the session begins. */
function insideOf(home: string): string | undefined {
  const cut = home.indexOf('\n\n');
  return cut < 0 ? undefined : home.slice(cut + 2);
}
