import { PEOPLE } from './people.js';
import { html } from './views.js';

/** The sign-in page of the identity provider. `hinted`: whom the application expects. */
export function signInPage({ hinted, isStrong }) {
  const people = [...PEOPLE].filter(([, { subject }]) => subject.kind === 'user');
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Example identity provider</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
</head>
<body class="app-provider">
<header class="top"><span class="brand">Example identity provider</span></header>
<main>
<h1>Sign in again</h1>
<p class="lead">An application asks who you are. This is another site: it tells the application who signed in, when and how.</p>
<form method="post" class="fields card">
<fieldset><legend>Who you are</legend>${people.map(([id, { name }], index) =>
    choice('person', id, name, hinted === undefined ? index === 0 : id === hinted),
  )}</fieldset>
<fieldset><legend>How you sign in</legend>
${choice('how', 'mfa', 'Password and code (reaches aal2)', isStrong)}${choice('how', 'password', 'Password only (aal1)', !isStrong)}</fieldset>
<p class="actions"><button>Sign in</button> <button class="quiet" name="cancel" value="1">Cancel</button></p>
</form>
<p>Try to be somebody else, to use less than what was asked for, or to cancel: the application says so, and its session stays as it was.</p>
</main>
</body>
</html>`);
}

function choice(name, value, label, isChosen) {
  const id = `${name}-${value}`;
  return html`<div class="choice"><input type="radio" id="${id}" name="${name}" value="${value}"${isChosen && html` checked`}><label for="${id}">${label}</label></div>`;
}
