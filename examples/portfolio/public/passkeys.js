import { fetchWithStepUp } from '/shop/session/client.js';

const button = document.querySelector('[data-register]');
const outcome = document.querySelector('[data-outcome]');
const isPossible = typeof globalThis.PublicKeyCredential?.parseCreationOptionsFromJSON === 'function';

if (isPossible) {
  button.hidden = false;
  document.querySelector('[data-elsewhere]').hidden = true;
}
button.addEventListener('click', () => {
  outcome.textContent = 'Waiting for your device…';
  register().catch(({ name, message }) => {
    outcome.textContent =
      name === 'InvalidStateError' ? 'This device has one already.' : name === 'Refused' ? message : 'No passkey was registered.';
  });
});

async function register() {
  const options = PublicKeyCredential.parseCreationOptionsFromJSON(await post(`${button.dataset.register}/options`, {}));
  const credential = await navigator.credentials.create({ publicKey: options });
  location.assign((await post(button.dataset.register, { response: credential.toJSON() })).next);
}

async function post(path, body) {
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  const answer = await fetchWithStepUp(path, { method: 'POST', headers, body: JSON.stringify(body) }, { url: '/shop/session' });
  const result = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(result.detail), { name: 'Refused' });
  return result;
}
