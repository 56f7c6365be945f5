import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';

/** Text that is HTML already. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** What a page of ours shows. `body` is HTML in which everything that is not ours has been escaped. */
export interface PageView {
  readonly title: string;
  readonly body: string;
  /** URL of a script of ours that the page needs, as a module. */
  readonly script?: string | undefined;
}

/** Makes a whole HTML document of a page: the place for an application's own design. The request says for which app, and for whom. */
export type PageLayout = (view: PageView, req: Request) => string;

/** HTML in which every value is escaped, unless it was made by this tag itself. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(strings.reduce((text, part, index) => `${text}${render(values[index - 1])}${part}`));
}

/** What can stand in HTML. `false` and `undefined` leave nothing. */
export type HtmlValue = string | number | false | undefined | Html | readonly HtmlValue[];

function render(value: HtmlValue): string {
  if (value === undefined || value === false) return '';
  if (typeof value === 'object' && !(value instanceof Html)) return value.map(render).join('');
  return value instanceof Html ? value.text : String(value).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

const STYLE = `:root{color-scheme:light dark;font:1.0625rem/1.5 system-ui,sans-serif}
body{margin:0;padding:1.5rem;display:grid;justify-content:center}
main{max-width:34rem;min-width:min(34rem,calc(100vw - 3rem));box-sizing:border-box;overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.25}
h2{font-size:1.125rem}
form,.way{margin:1rem 0;padding:1rem;border:1px solid color-mix(in srgb,currentColor 25%,transparent);border-radius:.5rem}
form.plain{display:inline;margin:0;padding:0;border:0}
label{display:block;margin-bottom:.25rem}
input,textarea{font:inherit;padding:.5rem;width:100%;box-sizing:border-box;margin-bottom:.75rem}
button,.button{font:inherit;display:inline-block;padding:.5rem 1rem;border:1px solid;border-radius:.375rem;background:none;color:inherit;text-decoration:none;cursor:pointer}
.first{background:#1d4ed8;border-color:#1d4ed8;color:#fff}
[hidden]{display:none}
:focus-visible{outline:3px solid #f59e0b;outline-offset:2px}
.what{font-weight:600}
.error{padding:.75rem 1rem;border-inline-start:.25rem solid #b91c1c}`;

// The browser hashes what stands between the tags.
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** What our own pages may do: nothing but our own style and script, and forms to where they came from. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${STYLE_HASH}'`,
  // The empty icon, without which browsers ask for one.
  'img-src data:',
  "script-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** A plain page that needs nothing else, readable by anybody and anything. */
export function plainLayout({ title, body, script }: PageView): string {
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${new Html(STYLE)}</style>
${script !== undefined && html`<script type="module" src="${script}"></script>`}
</head>
<body>
<main>
<h1>${title}</h1>
${new Html(body)}
</main>
</body>
</html>
`);
}

/** A layout of the application's whose failure stays its own. */
export type SafeLayout = (view: PageView, req: Request) => string | undefined;

/** @param onFailure Called when it throws, or gives no text: the page goes out plain, since somebody waits to be told what went wrong. */
export function safeLayout(layout: PageLayout, onFailure: () => void): SafeLayout {
  return (view, req) => {
    try {
      const text: unknown = layout(view, req);
      if (typeof text === 'string') return text;
    } catch {
      // Told below; what was thrown may hold anything.
    }
    onFailure();
    return undefined;
  };
}

/** Sends a page of ours. A layout of the application's own comes with the application's own content security policy. */
export function sendPage(res: Response, status: number, view: PageView, layout?: SafeLayout): void {
  const designed = layout?.(view, res.req);
  const text = designed ?? plainLayout(view);
  res.statusCode = status;
  if (designed === undefined) res.setHeader('Content-Security-Policy', CONTENT_SECURITY_POLICY);
  res.setHeader('Cache-Control', 'no-store');
  res.setHeader('Content-Type', 'text/html; charset=utf-8');
  res.setHeader('Content-Length', Buffer.byteLength(text));
  res.end(res.req?.method === 'HEAD' ? undefined : text);
}
