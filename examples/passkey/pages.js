function page(title, body) {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>${title}</title></head>
<body><h1>${title}</h1>${body}</body>
</html>`;
}

function escaped(text) {
  return String(text).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

export function signInPage(action, error) {
  return page(
    'Sign in',
    `${error === undefined ? '' : `<p role="alert">${error}</p>`}<p>You are Ada, and the password is “open sesame”.</p>
<form method="post" action="${escaped(action)}"><label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button>Sign in</button></form>`,
  );
}

export function accountPage(passkeys) {
  return page(
    'The bank',
    `<p>Passkeys of this account: ${passkeys.length}</p>
<p><button id="add">Add a passkey</button> <output></output></p>
<form method="post" action="/transfer"><label>To <input name="to" value="Grace" required></label> <label>Amount <input name="amount" value="400" required></label>
<button>Send money</button></form>
<script type="module" src="/add-passkey.js"></script>`,
  );
}

export function sentPage({ amount, to }) {
  return page('Sent', `<p>${escaped(amount)} € to ${escaped(to)}</p><p><a href="/">Back</a></p>`);
}
