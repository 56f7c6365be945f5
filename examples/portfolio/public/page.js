import { watchRules } from './countdown.js';

for (const group of document.querySelectorAll('[data-rules]')) watchRules(group);

// Where somebody is signed in: a warning before the session ends, in all tabs, and nothing on the screen when it has ended.
const { session } = document.body.dataset;
if (session !== undefined) {
  const { watchSession } = await import(`${session}/client.js`);
  watchSession({ url: session, warnSeconds: 20, poll: 5_000 });
}

// A figure that keeps itself up to date, as dashboards do.
for (const figure of document.querySelectorAll('[data-poll]')) {
  const load = async () => {
    if (document.hidden || !figure.isConnected) return;
    const answer = await fetch(figure.dataset.poll, { headers: { accept: 'application/json' } });
    figure.textContent = answer.ok ? (await answer.json()).orders : '–';
  };
  const reload = () => load().catch(() => (figure.textContent = '–'));
  setInterval(reload, 3_000);
  void reload();
}
