import { openDialog, type OpenDialog } from './dialog.ts';
import type { SessionTexts } from './texts.ts';
import type { SessionWarning } from './watch-session.ts';

/** When it is said again how much time is left: every second would be noise to whoever listens. */
const SAID_AT = [10, 30, 60];

/** The warning that is shown unless the page has its own: a dialog that counts down. */
export function warningDialog(texts: SessionTexts): (warning: SessionWarning | undefined) => void {
  let dialog: OpenDialog | undefined;
  let dismissed = false;
  const close = (): void => {
    dialog?.close();
    dialog = undefined;
  };
  return (warning) => {
    if (warning === undefined) dismissed = false;
    if (warning === undefined || dismissed) return close();
    dialog ??= show(texts, warning, () => {
      dismissed = true;
      close();
    });
    dialog.say(words(texts, warning));
    dialog.count(warning.secondsLeft);
  };
}

function show(texts: SessionTexts, warning: SessionWarning, dismiss: () => void): OpenDialog {
  const { canExtend, extend, signOut } = warning;
  const first = canExtend ? { label: texts.stay, run: extend } : { label: texts.close, run: dismiss };
  return openDialog({
    title: texts.warningTitle,
    text: words(texts, warning),
    failed: texts.failed,
    actions: [first, { label: texts.signOut, run: signOut }],
    // Whoever presses a key is there.
    onEscape: first.run,
  });
}

function words(texts: SessionTexts, { secondsLeft, canExtend }: SessionWarning): string {
  return texts.warning(SAID_AT.find((seconds) => secondsLeft <= seconds) ?? secondsLeft, canExtend);
}
