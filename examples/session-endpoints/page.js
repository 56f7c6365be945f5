import { fetchWithStepUp, watchSession } from '/session/client.js';

const at = (id) => document.getElementById(id);

const session = watchSession({
  poll: 10_000,
  onStatus: ({ left }) => {
    at('idle').textContent = `${left.idle} seconds`;
    at('absolute').textContent = `${Math.floor(left.absolute / 60)} minutes`;
  },
});

async function showSessions() {
  const response = await fetch('/session/sessions', { headers: { accept: 'application/json' } });
  if (!response.ok) return;
  const { sessions } = await response.json();
  const lines = sessions.map(({ client, current, lastActiveAt }) => {
    const line = document.createElement('li');
    line.textContent = `${client ?? 'Unknown'}, ${current ? 'this one' : `last used at ${new Date(lastActiveAt).toLocaleTimeString()}`}`;
    return line;
  });
  at('sessions').replaceChildren(...lines);
}

at('transfer').addEventListener('click', async () => {
  const response = await fetchWithStepUp('/transfer', { method: 'POST' });
  at('result').textContent = response.ok ? await response.text() : 'Nothing was transferred.';
});

at('others').addEventListener('click', async () => {
  await fetchWithStepUp('/session/sessions/end-others', { method: 'POST' });
  await showSessions();
});

at('sign-out').addEventListener('click', () => session.signOut());

await showSessions();
