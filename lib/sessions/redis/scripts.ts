import { LUA_ACTIVITY, LUA_SPEND } from './lua-activity.ts';
import { LUA_CREATE } from './lua-create.ts';
import { LUA_DEVICE } from './lua-device.ts';
import { LUA_END, LUA_END_ALL, LUA_LIST } from './lua-end.ts';
import { LUA_END_APP } from './lua-epochs.ts';
import { LUA_FIND, LUA_HOME } from './lua-home.ts';
import { LUA_CHANGE_NOTE, LUA_LIST_NOTES, LUA_NOTE, LUA_READ_NOTE, LUA_TAKE_NOTE, LUA_WRITE_NOTE } from './lua-notes.ts';
import { LUA_RECORD } from './lua-record.ts';
import { LUA_ROTATE } from './lua-rotate.ts';
import { LUA_SAVE } from './lua-save.ts';
import { Script } from './script.ts';

/** Every change of a session is one script: it happens as a whole or not at all. */
export const CREATE: Script = new Script(LUA_RECORD, LUA_HOME, LUA_CREATE);
export const ROTATE: Script = new Script(LUA_RECORD, LUA_HOME, LUA_ROTATE);
export const SAVE: Script = new Script(LUA_RECORD, LUA_FIND, LUA_SAVE);
export const ACTIVITY: Script = new Script(LUA_RECORD, LUA_FIND, LUA_ACTIVITY);
export const DEVICE: Script = new Script(LUA_RECORD, LUA_FIND, LUA_DEVICE);
export const SPEND: Script = new Script(LUA_RECORD, LUA_FIND, LUA_SPEND);
export const END: Script = new Script(LUA_RECORD, LUA_HOME, LUA_END);
export const END_ALL: Script = new Script(LUA_RECORD, LUA_HOME, LUA_END_ALL);
export const LIST: Script = new Script(LUA_RECORD, LUA_HOME, LUA_LIST);
export const END_APP: Script = new Script(LUA_RECORD, LUA_END_APP);

export const WRITE_NOTE: Script = new Script(LUA_RECORD, LUA_NOTE, LUA_WRITE_NOTE);
export const READ_NOTE: Script = new Script(LUA_RECORD, LUA_NOTE, LUA_READ_NOTE);
export const TAKE_NOTE: Script = new Script(LUA_RECORD, LUA_NOTE, LUA_TAKE_NOTE);
export const CHANGE_NOTE: Script = new Script(LUA_RECORD, LUA_NOTE, LUA_CHANGE_NOTE);
export const LIST_NOTES: Script = new Script(LUA_RECORD, LUA_NOTE, LUA_LIST_NOTES);
