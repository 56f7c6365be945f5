/** Text that is HTML already. */
class Markup {
  constructor(text) {
    this.text = text;
  }

  toString() {
    return this.text;
  }
}

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** HTML in which every value is escaped, unless it was made by this tag itself. */
export function html(strings, ...values) {
  return new Markup(String.raw({ raw: strings }, ...values.map(render)));
}

/** HTML that was made elsewhere, by who escapes as carefully. */
export function trusted(text) {
  return new Markup(text);
}

function render(value) {
  if (value === undefined || value === null || value === false) return '';
  if (Array.isArray(value)) return value.map(render).join('');
  return value instanceof Markup ? value.text : String(value).replace(/[&<>"']/g, (char) => ENTITIES[char]);
}

const APPS = [
  ['/', 'Overview', 'overview'],
  ['/shop', 'Shop', 'shop'],
  ['/admin', 'Admin', 'admin'],
  ['/phone', 'Phone', 'phone'],
  ['/desk', 'Desk', 'desk'],
  ['/about/jobs', 'Jobs', 'jobs'],
];

/** A whole page: what the application shows, and beside it the rule it is under. */
export function page({ title, app = 'overview', person, lead, notice, body, rules, script = '/assets/page.js', scripts = [] }) {
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · express-session-policy</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/style.css">
${[script, ...scripts].map((one) => html`<script type="module" src="${one}"></script>`)}
</head>
<body class="app-${app}"${person && html` data-session="/${app}/session"`}>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<a class="brand" href="/">express-session-policy</a>
<nav aria-label="Applications"><ul>${APPS.map((entry) => tab(entry, app))}</ul></nav>
</header>
<main id="main" tabindex="-1">
<div class="heading"><h1>${title}</h1>${person && account(person, app)}</div>
${lead && html`<p class="lead">${lead}</p>`}
${notice && html`<p class="notice" role="status">${notice}</p>`}
<div class="${rules ? 'columns' : 'single'}"><div class="content">${body}</div>${rules && panel(rules)}</div>
</main>
<footer>A demonstration: people, prices and passwords are made up, and the limits are short so that you see them run out.</footer>
</body>
</html>`);
}

function tab([href, name, app], current) {
  return html`<li><a href="${href}"${app === current && html` aria-current="page"`}>${name}</a></li>`;
}

function account(person, app) {
  return html`<form class="account" method="post" action="/${app}/logout"><span>Signed in as <strong>${person.name}</strong></span>
<button class="quiet">Sign out</button></form>`;
}

function panel(rules) {
  return html`<aside aria-label="Session rules in force"><h2>The rule in force</h2>${rules}
<p class="news" role="status" data-news></p></aside>`;
}
