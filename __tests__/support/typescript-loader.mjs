// Lets plain `node --import` run the TypeScript of this folder: Node 20 does not strip types by itself.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
