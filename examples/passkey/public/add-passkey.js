const outcome = document.querySelector('output');

document.querySelector('#add').addEventListener('click', () => {
  outcome.textContent = '';
  addPasskey().catch((error) => {
    outcome.textContent = error.name === 'NotAllowedError' ? 'No passkey was added.' : error.message;
  });
});

async function addPasskey() {
  const options = PublicKeyCredential.parseCreationOptionsFromJSON(await post('/passkeys/options', {}));
  const credential = await navigator.credentials.create({ publicKey: options });
  await post('/passkeys', credential.toJSON());
  location.reload();
}

async function post(path, body) {
  const headers = { 'Content-Type': 'application/json', Accept: 'application/json' };
  const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
  const answer = await response.json();
  // The sign-in is not recent any more: there a person can confirm who they are, and come back.
  if (answer.reauthenticate !== undefined) location.assign(answer.reauthenticate);
  if (!response.ok) throw new Error(answer.detail);
  return answer;
}
