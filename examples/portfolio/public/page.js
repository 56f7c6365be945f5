import { watchRules } from './countdown.js';

for (const group of document.querySelectorAll('[data-rules]')) watchRules(group);

// A figure that keeps itself up to date, as dashboards do.
for (const figure of document.querySelectorAll('[data-poll]')) {
  const load = async () => {
    if (document.hidden) return;
    const answer = await fetch(figure.dataset.poll, { headers: { accept: 'application/json' } });
    figure.textContent = answer.ok ? (await answer.json()).orders : '–';
  };
  const reload = () => load().catch(() => (figure.textContent = '–'));
  setInterval(reload, 3_000);
  void reload();
}
