import { openDialog } from './dialog.ts';
import { type SessionProblem, webUrl } from './problem.ts';
import { askServer } from './session-server.ts';
import { joinTabs } from './tabs.ts';
import type { SessionTexts } from './texts.ts';

const LOOK_EVERY_MS = 2_000;

/** Lets a person confirm who they are on the page that the server names, in a tab of its own, while this one stays as it is. */
export function confirmInNewTab(url: string, texts: SessionTexts): (problem: SessionProblem) => Promise<boolean> {
  return async (problem) => {
    const href = webUrl(problem.reauthenticate);
    if (href === undefined) return false;
    const before = await authenticatedAt(url);
    return before !== undefined && waitFor({ url, texts, problem, href, before });
  };
}

interface Waiting {
  readonly url: string;
  readonly texts: SessionTexts;
  readonly problem: SessionProblem;
  readonly href: string;
  readonly before: number;
}

/** Until the server knows of a newer authentication, the person cancels, or the session is over. */
function waitFor({ url, texts, problem, href, before }: Waiting): Promise<boolean> {
  return new Promise((resolve) => {
    let tab: Window | null = null;
    const over = new AbortController();
    const finish = (confirmed: boolean): void => {
      if (over.signal.aborted) return;
      over.abort();
      dialog.close();
      tabs.close();
      clearInterval(timer);
      tab?.close();
      resolve(confirmed);
    };
    const cancel = (): void => finish(false);
    const look = async (): Promise<void> => {
      const at = await authenticatedAt(url).catch(() => before);
      if (at === undefined) cancel();
      else if (at > before) finish(true);
    };
    const open = (): void => {
      tab = window.open(href, '_blank');
    };
    const dialog = openDialog({
      title: texts.confirmTitle,
      text: texts.confirm(problem),
      failed: texts.failed,
      actions: [
        { label: texts.openConfirmation, href, run: open },
        { label: texts.cancel, run: cancel },
      ],
      onEscape: cancel,
    });
    const tabs = joinTabs(url, () => void look());
    const timer = setInterval(() => void (document.hidden || look()), LOOK_EVERY_MS);
    window.addEventListener('focus', () => void look(), { signal: over.signal });
  });
}

/** When the person last authenticated; `undefined` if the session is over. */
async function authenticatedAt(url: string): Promise<number | undefined> {
  return (await askServer(url)).status?.authenticatedAt;
}
