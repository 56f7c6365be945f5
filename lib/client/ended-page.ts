import { element } from './dialog.ts';
import { styleDialogs } from './dialog-style.ts';
import type { SessionTexts } from './texts.ts';
import type { SessionEnd } from './watch-session.ts';

/**
 * What is shown when the session is over unless the page does something of its own: nothing but that, and the way back in. What the page
 * showed is taken away and not only covered, so that the next one at the screen finds nothing of it.
 */
export function endedPage(texts: SessionTexts): (end: SessionEnd) => void {
  return ({ reason, signInUrl }) => {
    const title = element('h1', { tabindex: '-1' }, texts.endedTitle);
    const link = element('a', { href: signInUrl }, texts.signIn);
    styleDialogs();
    document.title = texts.endedTitle;
    document.body.replaceChildren(
      element('main', { class: 'session-ended' }, title, element('p', {}, texts.ended(reason)), element('p', {}, link)),
    );
    title.focus();
  };
}
