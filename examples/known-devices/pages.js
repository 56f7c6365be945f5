export const page = (
  title,
  body,
) => `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>${title}</title>
<h1>${title}</h1>${body}`;
export const button = (action, label, field = '') => `<form method="post" action="${action}">${field}<button>${label}</button></form>`;
export const escaped = (text) => String(text).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

/** What a person sees of their devices. */
export function accountPage(devices, trust) {
  const lines = devices.map(
    ({ handle, label, current, seenAt }) =>
      `<li>${escaped(label)}${current ? ', this one' : ''}, last seen ${new Date(seenAt).toLocaleString()}
${button('/session/devices/forget', 'Forget', `<input type="hidden" name="device" value="${handle}">`)}</li>`,
  );
  const label = '<label>Its name <input name="label" value="My laptop" maxlength="64"></label>';
  return page(
    'Your account',
    `<p>This device is ${trust === 'none' ? 'not known' : 'known'}.</p>
${button('/payout', 'Pay out')}${button('/session/devices', 'Remember this device', label)}
<h2>Your devices</h2><ul>${lines.join('')}</ul>${button('/session/sign-out', 'Sign out')}`,
  );
}
