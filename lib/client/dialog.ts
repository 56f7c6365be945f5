import { styleDialogs } from './dialog-style.ts';

/** Something that a dialog offers. A failure is told in it. */
export interface DialogAction {
  readonly label: string;
  readonly href?: string;
  readonly run: () => Promise<void> | void;
}

/** What a dialog says and offers. */
export interface DialogView {
  readonly title: string;
  readonly text: string;
  readonly actions: readonly DialogAction[];
  readonly failed: string;
  /** What Escape stands for. */
  readonly onEscape: () => Promise<void> | void;
}

/** A dialog that is open. */
export interface OpenDialog {
  /** Says something else, politely. */
  say(text: string): void;
  /** Shows a time that is left; not announced, as it changes all the time. */
  count(seconds: number): void;
  /** Takes it away. The browser puts the focus back to where it was. */
  close(): void;
}

let dialogs = 0;

/** Opens a modal dialog made of plain elements: no markup is parsed, nothing is inline, so that it passes the strictest policy. */
export function openDialog({ title, text, actions, failed, onEscape }: DialogView): OpenDialog {
  const id = `session-dialog-${++dialogs}`;
  const said = element('p', { id: `${id}-text`, role: 'status' }, text);
  const timer = element('p', { role: 'timer', 'aria-live': 'off' });
  const alert = element('p', { role: 'alert' });
  const attempt = async (run: DialogAction['run']): Promise<void> => {
    alert.textContent = '';
    try {
      await run();
    } catch {
      alert.textContent = failed;
    }
  };
  const dialog = element('dialog', {
    class: 'session-dialog',
    role: 'alertdialog',
    'aria-labelledby': `${id}-title`,
    'aria-describedby': `${id}-text`,
  });
  const offered = actions.flatMap((action) => [actionElement(action, attempt), ' ']);
  dialog.append(element('h2', { id: `${id}-title` }, title), said, timer, alert, element('p', {}, ...offered));
  dialog.addEventListener('cancel', (event) => {
    event.preventDefault();
    void attempt(onEscape);
  });
  styleDialogs();
  document.body.append(dialog);
  dialog.showModal();
  return {
    say: (words) => {
      if (said.textContent !== words) said.textContent = words;
    },
    count: (seconds) => {
      timer.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
    },
    close: () => {
      dialog.close();
      dialog.remove();
    },
  };
}

function actionElement({ label, href, run }: DialogAction, attempt: (run: DialogAction['run']) => Promise<void>): HTMLElement {
  const made = href === undefined ? element('button', { type: 'button' }, label) : element('a', { href, target: '_blank' }, label);
  made.addEventListener('click', (event) => {
    event.preventDefault();
    void attempt(run);
  });
  return made;
}

/** An element with attributes and children; text stays text. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Readonly<Record<string, string>>,
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
