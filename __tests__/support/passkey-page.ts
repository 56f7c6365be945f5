import {
  type AuthenticatorTransport,
  type WebAuthnCredential,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import express, { type Express, type Request, type Response } from 'express';

const SCRIPT = `
const call = (path, body) => fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body ?? {}) }).then((answer) => answer.json());
const show = (text) => { document.querySelector('output').textContent = text; };
async function register() {
  const options = PublicKeyCredential.parseCreationOptionsFromJSON(await call('/register/options'));
  return call('/register', (await navigator.credentials.create({ publicKey: options })).toJSON());
}
async function confirm() {
  const options = PublicKeyCredential.parseRequestOptionsFromJSON(await call('/confirm/options'));
  return call('/confirm', (await navigator.credentials.get({ publicKey: options })).toJSON());
}
for (const action of [register, confirm]) {
  document.querySelector('#' + action.name).addEventListener('click', () => {
    show('');
    action().then((answer) => show(answer.result), (error) => show(error.name));
  });
}
`;
const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Passkeys</title><link rel="icon" href="data:,"></head>
<body><h1>Passkeys</h1><button id="register">Register</button> <button id="confirm">Confirm</button> <output></output><script src="/script.js"></script></body></html>`;

/** The smallest site that registers one passkey and asks for it again. It knows nothing of this library: it tests the browser. */
export function passkeySite(origin: string): Express {
  const rpID = new URL(origin).hostname;
  let expectedChallenge = '';
  let credential: WebAuthnCredential | undefined;
  const expected = () => ({ expectedChallenge, expectedOrigin: origin, expectedRPID: rpID, requireUserVerification: true });

  const app = express();
  app.use(express.json());
  app.get('/', (_req, res) => void res.set('content-security-policy', "default-src 'self'; img-src data:").send(PAGE));
  app.get('/script.js', (_req, res) => void res.type('js').send(SCRIPT));
  post(app, '/register/options', async () => {
    const options = await generateRegistrationOptions({
      rpName: 'Shop',
      rpID,
      userName: 'Ada',
      authenticatorSelection: { userVerification: 'preferred' },
    });
    expectedChallenge = options.challenge;
    return options;
  });
  post(app, '/register', async ({ body }) => {
    const { verified, registrationInfo } = await verifyRegistrationResponse({ response: body, ...expected() });
    credential = registrationInfo?.credential;
    return { result: verified ? 'registered' : 'refused' };
  });
  post(app, '/confirm/options', async () => {
    const allowCredentials = credential === undefined ? [] : [{ id: credential.id, transports: ['internal'] as AuthenticatorTransport[] }];
    const options = await generateAuthenticationOptions({ rpID, userVerification: 'preferred', allowCredentials });
    expectedChallenge = options.challenge;
    return options;
  });
  post(app, '/confirm', async ({ body }) => {
    if (credential === undefined) return { result: 'unknown' };
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({ response: body, credential, ...expected() });
    credential = { ...credential, counter: authenticationInfo.newCounter };
    return { result: verified ? 'confirmed' : 'refused' };
  });
  return app;
}

function post(app: Express, path: string, answer: (req: Request) => Promise<object>): void {
  app.post(path, (req: Request, res: Response) => {
    answer(req).then(
      (body) => res.json(body),
      (error: Error) => res.json({ result: error.message }),
    );
  });
}
