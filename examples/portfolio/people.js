/** Who can sign in to the demonstration, and one who is refused: a service account has no business in an application for people. */
export const PEOPLE = new Map([
  ['ada', { name: 'Ada Okafor', role: 'customer', subject: { id: 'ada', kind: 'user' } }],
  ['grace', { name: 'Grace Lind', role: 'administrator', subject: { id: 'grace', kind: 'user' } }],
  ['mina', { name: 'Mina Sato', role: 'administrator', subject: { id: 'mina', kind: 'user' } }],
  ['nightly', { name: 'nightly-report', role: 'service account', subject: { id: 'nightly', kind: 'service' } }],
]);

/** The person of the session, if somebody is signed in. */
export function personOf(req) {
  const { subject } = req.sessionPolicy;
  return subject && PEOPLE.get(subject.id);
}

/** What somebody is called. */
export function nameOf({ id }) {
  return PEOPLE.get(id)?.name ?? id;
}

export function isAdministrator({ id }) {
  return PEOPLE.get(id)?.role === 'administrator';
}
