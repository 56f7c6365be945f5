/**
 * The script of the confirmation page: asks the device for a passkey, and leads on. Stands by itself, since pages load it without a bundler.
 * Each element with `data-passkey`, the address of the method, gets its button; `data-hand` is the query that goes with it.
 */

interface Problem {
  readonly detail?: string;
}

const TEXTS = {
  unsupported: 'This browser cannot use passkeys here.',
  waiting: 'Waiting for your device…',
  checking: 'Checking…',
  nothing: 'No passkey was used. You can try again.',
  failed: 'The passkey could not be used. Please try again.',
  offline: 'There was no answer. Please try again in a moment.',
};

for (const way of document.querySelectorAll<HTMLElement>('[data-passkey]')) begin(way);

function begin(way: HTMLElement): void {
  const outcome = way.querySelector('[role=status]') as HTMLElement;
  const tell = (text: string): void => {
    outcome.textContent = text;
  };
  if (typeof PublicKeyCredential === 'undefined') return tell(TEXTS.unsupported);
  tell('');
  const button = placeButton(way);
  button.addEventListener('click', () => {
    // Not `disabled`, which would take the focus away from a person at the keyboard.
    if (button.getAttribute('aria-disabled') === 'true') return;
    button.setAttribute('aria-disabled', 'true');
    confirm(way, tell)
      .catch((error: unknown) => tell(reasonOf(error)))
      .finally(() => button.removeAttribute('aria-disabled'));
  });
}

/** The button is there for those only who can use it, whatever styles the page has. */
function placeButton(way: HTMLElement): HTMLButtonElement {
  const template = way.querySelector('template') as HTMLTemplateElement;
  template.replaceWith(template.content);
  return way.querySelector('button') as HTMLButtonElement;
}

async function confirm({ dataset }: HTMLElement, tell: (text: string) => void): Promise<void> {
  const { hand = '', passkey = '' } = dataset;
  const ask = (path: string, body: unknown): Promise<unknown> => post(hand === '' ? path : `${path}?${hand}`, body);
  tell(TEXTS.waiting);
  const options = requestOptions((await ask(`${passkey}/options`, {})) as PublicKeyCredentialRequestOptionsJSON);
  const credential = await navigator.credentials.get({ publicKey: options });
  tell(TEXTS.checking);
  const { next } = (await ask(passkey, { response: credentialJson(credential as PublicKeyCredential) })) as { readonly next: string };
  // In place of this page: the way back does not lead to a confirmation that is done.
  location.replace(next);
}

/** What the server said that a person can read. */
class Refused extends Error {}

async function post(path: string, body: unknown): Promise<unknown> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify(body),
  }).catch(() => {
    throw new Refused(TEXTS.offline);
  });
  const answer: unknown = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused((answer as Problem).detail ?? TEXTS.failed);
  return answer;
}

/** Browsers do not tell a person who cancelled from a device that had no passkey: that one could be found out by any page. */
function reasonOf(error: unknown): string {
  if (error instanceof Refused) return error.message;
  const name = error instanceof DOMException ? error.name : '';
  return name === 'NotAllowedError' || name === 'AbortError' ? TEXTS.nothing : TEXTS.failed;
}

function requestOptions(json: PublicKeyCredentialRequestOptionsJSON): PublicKeyCredentialRequestOptions {
  if (typeof PublicKeyCredential.parseRequestOptionsFromJSON === 'function') return PublicKeyCredential.parseRequestOptionsFromJSON(json);
  const { allowCredentials = [], challenge, rpId, timeout } = json;
  return {
    challenge: bytesOf(challenge),
    userVerification: 'required',
    ...(rpId === undefined ? {} : { rpId }),
    ...(timeout === undefined ? {} : { timeout }),
    allowCredentials: allowCredentials.map(({ id, transports }) => ({
      id: bytesOf(id),
      type: 'public-key',
      ...(transports === undefined ? {} : { transports: transports as AuthenticatorTransport[] }),
    })),
  };
}

function credentialJson(credential: PublicKeyCredential): unknown {
  if (typeof credential.toJSON === 'function') return credential.toJSON();
  const { authenticatorData, clientDataJSON, signature, userHandle } = credential.response as AuthenticatorAssertionResponse;
  const { id, type } = credential;
  return {
    id,
    rawId: id,
    type,
    response: {
      authenticatorData: textOf(authenticatorData),
      clientDataJSON: textOf(clientDataJSON),
      signature: textOf(signature),
      userHandle: userHandle === null ? undefined : textOf(userHandle),
    },
  };
}

function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}

function textOf(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

export {};
