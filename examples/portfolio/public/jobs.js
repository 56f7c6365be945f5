import { localise, send } from './wire.js';

localise();
document.querySelector('[data-ask]').addEventListener('click', ({ target }) => send('POST', target.dataset.ask));
