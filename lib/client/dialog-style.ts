/** Without weight, so that any rule of the page's own wins. Targets are large enough for a finger (WCAG 2.5.8). */
const RULES = `:where(.session-dialog){max-width:min(26rem,100vw - 2rem);box-sizing:border-box;padding:0 1.5rem;border:1px solid;border-radius:.5rem}
:where(.session-dialog)::backdrop{background:rgb(0 0 0/.6)}
:where(.session-dialog) :where(button,a){display:inline-block;font:inherit;padding:.5rem 1rem;margin:0 .25rem .5rem 0}
:where(.session-dialog) :where(a){border:1px solid;border-radius:.25rem}
:where(.session-ended){max-width:34rem;margin:10vh auto;padding:0 1.5rem}
.session-ended h1:focus-visible{outline:0}`;

let sheet: CSSStyleSheet | undefined;

/** Gives our dialogs their look. A style sheet that a script makes is no inline style: the strictest content security policy takes it. */
export function styleDialogs(): void {
  if (sheet !== undefined) return;
  sheet = new CSSStyleSheet();
  sheet.replaceSync(RULES);
  document.adoptedStyleSheets.push(sheet);
}
