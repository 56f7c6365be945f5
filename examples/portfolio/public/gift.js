import { fetchWithStepUp } from '/shop/session/client.js';

const form = document.querySelector('[data-gift]');
const outcome = form.querySelector('[data-outcome]');

form.querySelector('[data-by-script]').addEventListener('click', async () => {
  if (!form.reportValidity()) return;
  outcome.textContent = 'Sending…';
  const request = { method: 'POST', headers: { accept: 'application/json' }, body: new URLSearchParams(new FormData(form)) };
  const answer = await fetchWithStepUp('/shop/gift', request, { url: '/shop/session' }).catch(() => undefined);
  outcome.textContent = answer?.ok ? (await answer.json()).sent : 'Nothing was sent.';
});
